{#- The version of the logic that makes a table (by default the one being built): a hash over the code of the
    model, of its ancestors and of the macros they call, over the vars these name and over the model's own
    columns in their order. Comments and white space do not count. Bookkeeping (coverage, receipts, hashing,
    this file) does not count: it makes no numbers. -#}
{% macro logic_version(table=none) -%}
    {%- if not execute %}{{ return('parse') }}{% endif -%}
    {%- set model_id = 'model.' ~ project_name ~ '.' ~ table if table else model.unique_id -%}
    {#- Each run writes a version some twenty times, and most of the code is the same: read it once a run. -#}
    {%- set known = graph.setdefault('known_code', {}) -%}
    {%- set version = known.get('version of ' ~ model_id) -%}
    {%- if version %}{{ return(version) }}{% endif -%}
    {%- set columns = graph.nodes[model_id].columns if table else model.columns -%}
    {%- set todo = [model_id] -%}
    {%- set seen = {'columns': columns.keys() | list} -%}
    {%- for _ in range(10000) if todo -%}
        {%- set id = todo.pop() -%}
        {%- if id not in seen -%}
            {%- if id not in known %}{% do known.update({id: _code_and_parents(id)}) %}{% endif -%}
            {%- set code, parents = known[id] -%}
            {%- do seen.update(code) -%}
            {%- do todo.extend(parents) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set version = local_md5(tojson(seen, sort_keys=true))[:12] -%}
    {%- do known.update({'version of ' ~ model_id: version}) -%}
    {{ return(version) }}
{%- endmacro %}


{#- What a node or macro adds to what is hashed, and the ids of what it is made from: nothing, where it makes no
    numbers or is not of this project. -#}
{% macro _code_and_parents(id) -%}
    {%- set bookkeeping = [
        'macros/receipts.sql', 'macros/hashing.sql', 'macros/logic_version.sql', 'macros/phase4_tables.sql',
    ] -%}
    {%- if id.startswith('macro.') -%}
        {%- set _, package, name = id.split('.') -%}
        {%- set macro = context[package][name].macro if package == project_name -%}
        {%- if macro and macro.original_file_path not in bookkeeping -%}
            {{ return([_code_and_vars(id, _canonical_code(macro.macro_sql)), macro.depends_on.macros]) }}
        {%- endif -%}
    {%- else -%}
        {%- set node = graph.nodes.get(id) -%}
        {%- if node and node.fqn[-2] not in ['fingerprints', 'coverage', 'preflight'] -%}
            {%- set parents = node.depends_on.get('nodes', []) + node.depends_on.get('macros', []) -%}
            {%- if node.resource_type != 'model' -%}
                {{ return([{id: node.checksum.checksum}, parents]) }}
            {%- elif node.language == 'python' -%}
                {{ return([{id: local_md5(_canonical_python(node.raw_code))}, parents]) }}
            {%- endif -%}
            {{ return([_code_and_vars(id, _canonical_code(node.raw_code)), parents]) }}
        {%- endif -%}
    {%- endif -%}
    {{ return([{}, []]) }}
{%- endmacro %}


{#- What a piece of canonical code adds to what is hashed: itself, the values of the vars it names, and what it takes
    from the registry of tables, of which only that counts: how many games a table it names needs, or all lists of
    tables that it goes through. -#}
{% macro _code_and_vars(id, code) -%}
    {%- set found = {id: local_md5(code)} -%}
    {%- for name in modules.re.findall("\\bvar \\( ['\"](\\w+)", code) -%}
        {%- do found.update({'var.' ~ name: var(name)}) -%}
    {%- endfor -%}
    {%- for table in modules.re.findall("\\bgames_needed \\( '(\\w+)'", code) -%}
        {%- do found.update({'games_needed.' ~ table: games_needed(table)}) -%}
    {%- endfor -%}
    {%- if modules.re.search("\\b(phase4|feature)_tables \\(", code) -%}
        {%- for table, entry in var('phase4_tables').items() -%}
            {%- do found.update({'table.' ~ table: [entry.get('candidates'), games_needed(table)]}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}


{#- SQL or Jinja as its tokens, one space between them: without comments, however it is laid out. Text in
    quotes stays as it is; the dash of `{%-` only takes white space away. -#}
{% macro _canonical_code(code) -%}
    {%- set text = "'(?:[^']|'')*'|\"(?:[^\"\\\\]|\\\\.)*\"" -%}
    {%- set noise = "\\{#[\\s\\S]*?#\\}|--[^\\n]*|/\\*[\\s\\S]*?\\*/|(?<=\\{[%{])-|-(?=[%}]\\})" -%}
    {%- set quiet = modules.re.sub("(" ~ text ~ ")|" ~ noise, "\\1 ", code) -%}
    {{ return(modules.re.findall(text ~ "|\\w+|[^\\w\\s]", quiet) | join(' ')) }}
{%- endmacro %}


{#- Python as its tokens: without comments, docstrings and blank lines, the lines within brackets joined.
    Indentation counts, being syntax. -#}
{% macro _canonical_python(code) -%}
    {%- set text = "\"\"\"[\\s\\S]*?\"\"\"|\"(?:[^\"\\\\\\n]|\\\\.)*\"|'(?:[^'\\\\\\n]|\\\\.)*'" -%}
    {%- set tokens = [] -%}
    {%- set now = namespace(depth=0, line_start='\n') -%}
    {%- for token in modules.re.findall(text ~ "|#[^\\n]*|\\n[ \\t]*|\\w+|[^\\w\\s]", code) -%}
        {%- if token[0] == '\n' -%}
            {%- if now.depth == 0 %}{% set now.line_start = token %}{% endif -%}
        {%- elif token[0] != '#' and not (now.line_start and token.startswith('"""')) -%}
            {%- do tokens.append(now.line_start ~ token) -%}
            {%- set now.line_start = '' -%}
            {%- if token in '([{' %}{% set now.depth = now.depth + 1 %}{% endif -%}
            {%- if token in ')]}' %}{% set now.depth = now.depth - 1 %}{% endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(tokens | join(' ')) }}
{%- endmacro %}
