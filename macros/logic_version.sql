{#- The version of the logic that makes a table (by default the one being built): a hash of the code of the model, of
    its ancestors and of the macros they call, of the vars that this code names, and of the model's own columns in
    order. Comments and white space do not count. Nor does bookkeeping (coverage, receipts, hashing, this file),
    because it makes no numbers. -#}
{% macro logic_version(table=none) -%}
    {%- if not execute %}{{ return('parse') }}{% endif -%}
    {%- set model_id = 'model.' ~ project_name ~ '.' ~ table if table else model.unique_id -%}
    {#- Each run computes some twenty versions from much the same code: read it once per run. -#}
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


{#- What a node or macro contributes to the hash, and the ids of its parents. Both are empty if it makes no numbers or
    belongs to another package. -#}
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


{#- What a piece of canonical code contributes to the hash: itself, the values of the vars it names, and what it takes
    from the registry of tables. Of the registry only two things count: the games needed by a table that the code
    names, and, if the code goes through all tables, each one's candidates and games needed. -#}
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


{#- SQL or Jinja as its tokens with one space between them, without comments, so that layout does not matter. Quoted
    text stays as it is. The dash of `{%-` is dropped, because it only strips white space. -#}
{% macro _canonical_code(code) -%}
    {%- set text = "'(?:[^']|'')*'|\"(?:[^\"\\\\]|\\\\.)*\"" -%}
    {%- set noise = "\\{#[\\s\\S]*?#\\}|--[^\\n]*|/\\*[\\s\\S]*?\\*/|(?<=\\{[%{])-|-(?=[%}]\\})" -%}
    {%- set quiet = modules.re.sub("(" ~ text ~ ")|" ~ noise, "\\1 ", code) -%}
    {{ return(modules.re.findall(text ~ "|\\w+|[^\\w\\s]", quiet) | join(' ')) }}
{%- endmacro %}


{#- Python as its tokens, without comments, docstrings and blank lines; lines within brackets are joined.
    Indentation is kept, because it is syntax. -#}
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
