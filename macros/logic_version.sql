{#- The version of the logic that makes a table (by default the one being built): a hash over the code of the
    model, of its ancestors and of the macros they call, over the project's vars and over the model's own
    columns in their order. Comments and white space do not count. Bookkeeping (coverage, receipts, hashing,
    this file) does not count: it makes no numbers. -#}
{% macro logic_version(table=none) -%}
    {%- if not execute %}{{ return('parse') }}{% endif -%}
    {%- set bookkeeping = [
        'macros/receipts.sql', 'macros/hashing.sql', 'macros/logic_version.sql',
    ] -%}
    {%- set model_id = 'model.' ~ project_name ~ '.' ~ table if table else model.unique_id -%}
    {%- set columns = graph.nodes[model_id].columns if table else model.columns -%}
    {%- set todo = [model_id] -%}
    {%- set seen = {
        'vars': [var('min_zone_games_team'), var('min_zone_games_player')],
        'columns': columns.keys() | list,
    } -%}
    {%- for _ in range(10000) if todo -%}
        {%- set id = todo.pop() -%}
        {%- if id not in seen -%}
            {%- if id.startswith('macro.') -%}
                {%- set _, package, name = id.split('.') -%}
                {%- if package == project_name -%}
                    {%- set macro = context[package][name].macro -%}
                    {%- if macro.original_file_path not in bookkeeping -%}
                        {%- do seen.update({id: local_md5(_canonical_code(macro.macro_sql))}) -%}
                        {%- do todo.extend(macro.depends_on.macros) -%}
                    {%- endif -%}
                {%- endif -%}
            {%- else -%}
                {%- set node = graph.nodes.get(id) -%}
                {%- if node and not node.original_file_path.startswith('models/coverage/') -%}
                    {%- set is_sql = node.resource_type == 'model' and node.language == 'sql' -%}
                    {%- do seen.update({
                        id: local_md5(_canonical_code(node.raw_code)) if is_sql else node.checksum.checksum
                    }) -%}
                    {%- do todo.extend(node.depends_on.get('nodes', []) + node.depends_on.get('macros', [])) -%}
                {%- endif -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(local_md5(tojson(seen, sort_keys=true))[:12]) }}
{%- endmacro %}


{#- Code without comments and with white space collapsed, string literals kept as they are. -#}
{% macro _canonical_code(code) -%}
    {%- set noise = "('(?:[^']|'')*')|\\{#[\\s\\S]*?#\\}|--[^\\n]*|/\\*[\\s\\S]*?\\*/|\\s+" -%}
    {%- set spaces = "('(?:[^']|'')*')| +" -%}
    {{ return(modules.re.sub(spaces, '\\1 ', modules.re.sub(noise, '\\1 ', code)) | trim) }}
{%- endmacro %}
