"""The catalogs that clients read, as far as they read them: name -> columns and their types. Rows are in `content.py`.

A type that is not given is text; `information_schema` is written out in the names of its tables.
"""

_CATALOG = """
pg_aggregate: aggfnoid:regproc aggkind:char
pg_am: oid:oid amname:name amhandler:regproc amtype:char
pg_attrdef: oid:oid adrelid:oid adnum:int2 adbin
pg_attribute: attrelid:oid attname:name atttypid:oid attstattarget:int4 attlen:int2 attnum:int2 attndims:int4
 attcacheoff:int4 atttypmod:int4 attbyval:bool attalign:char attstorage:char attcompression:char attnotnull:bool
 atthasdef:bool atthasmissing:bool attidentity:char attgenerated:char attisdropped:bool attislocal:bool
 attinhcount:int4 attcollation:oid attacl:_text attoptions:_text attfdwoptions:_text
pg_auth_members: roleid:oid member:oid grantor:oid admin_option:bool
pg_cast: oid:oid castsource:oid casttarget:oid castfunc:oid castcontext:char castmethod:char
pg_class: oid:oid relname:name relnamespace:oid reltype:oid reloftype:oid relowner:oid relam:oid relfilenode:oid
 reltablespace:oid relpages:int4 reltuples:float4 relallvisible:int4 reltoastrelid:oid relhasindex:bool
 relisshared:bool relpersistence:char relkind:char relnatts:int2 relchecks:int2 relhasrules:bool relhastriggers:bool
 relhassubclass:bool relrowsecurity:bool relforcerowsecurity:bool relispopulated:bool relreplident:char
 relispartition:bool relacl:_text reloptions:_text relpartbound
pg_collation: oid:oid collname:name collnamespace:oid collowner:oid collprovider:char collisdeterministic:bool
 collencoding:int4 collcollate colliculocale collctype collversion
pg_constraint: oid:oid conname:name connamespace:oid contype:char condeferrable:bool condeferred:bool
 convalidated:bool conrelid:oid contypid:oid conindid:oid conparentid:oid confrelid:oid confupdtype:char
 confdeltype:char confmatchtype:char conislocal:bool coninhcount:int4 connoinherit:bool conkey:_int2 confkey:_int2
 conpfeqop:_oid conppeqop:_oid conffeqop:_oid conexclop:_oid conbin
pg_conversion: oid:oid conname:name connamespace:oid
pg_database: oid:oid datname:name datdba:oid encoding:int4 datlocprovider:char datistemplate:bool datallowconn:bool
 datconnlimit:int4 dattablespace:oid datcollate datctype daticulocale datcollversion datacl:_text
pg_db_role_setting: setdatabase:oid setrole:oid setconfig:_text
pg_default_acl: oid:oid defaclrole:oid defaclnamespace:oid defaclobjtype:char defaclacl:_text
pg_depend: classid:oid objid:oid objsubid:int4 refclassid:oid refobjid:oid refobjsubid:int4 deptype:char
pg_description: objoid:oid classoid:oid objsubid:int4 description
pg_enum: oid:oid enumtypid:oid enumsortorder:float4 enumlabel:name
pg_event_trigger: oid:oid evtname:name evtevent:name evtowner:oid evtfoid:oid evtenabled:char evttags:_text
pg_extension: oid:oid extname:name extowner:oid extnamespace:oid extrelocatable:bool extversion
pg_foreign_data_wrapper: oid:oid fdwname:name fdwowner:oid
pg_foreign_server: oid:oid srvname:name srvowner:oid srvfdw:oid srvtype srvversion srvoptions:_text
pg_foreign_table: ftrelid:oid ftserver:oid ftoptions:_text
pg_index: indexrelid:oid indrelid:oid indnatts:int2 indnkeyatts:int2 indisunique:bool indnullsnotdistinct:bool
 indisprimary:bool indisexclusion:bool indimmediate:bool indisclustered:bool indisvalid:bool indisready:bool
 indislive:bool indisreplident:bool indkey:int2vector indcollation:oidvector indclass:oidvector indoption:int2vector
 indexprs indpred
pg_indexes: schemaname:name tablename:name indexname:name tablespace:name indexdef
pg_inherits: inhrelid:oid inhparent:oid inhseqno:int4 inhdetachpending:bool
pg_language: oid:oid lanname:name lanowner:oid lanispl:bool lanpltrusted:bool
pg_locks: locktype database:oid relation:oid pid:int4 mode granted:bool
pg_matviews: schemaname:name matviewname:name matviewowner:name definition
pg_namespace: oid:oid nspname:name nspowner:oid nspacl:_text
pg_opclass: oid:oid opcmethod:oid opcname:name opcnamespace:oid opcdefault:bool opcintype:oid
pg_operator: oid:oid oprname:name oprnamespace:oid oprleft:oid oprright:oid oprresult:oid oprcode:regproc
pg_partitioned_table: partrelid:oid partstrat:char partnatts:int2 partattrs:int2vector
pg_policy: oid:oid polname:name polrelid:oid polcmd:char polpermissive:bool polroles:_oid polqual polwithcheck
pg_proc: oid:oid proname:name pronamespace:oid proowner:oid prolang:oid prokind:char prosecdef:bool
 proleakproof:bool proisstrict:bool proretset:bool provolatile:char proparallel:char pronargs:int2 prorettype:oid
 proargtypes:oidvector proallargtypes:_oid proargmodes:_text proargnames:_text prosrc proacl:_text
pg_publication: oid:oid pubname:name pubowner:oid puballtables:bool pubinsert:bool pubupdate:bool pubdelete:bool
 pubtruncate:bool pubviaroot:bool
pg_publication_namespace: oid:oid pnpubid:oid pnnspid:oid
pg_publication_rel: oid:oid prpubid:oid prrelid:oid prqual prattrs:int2vector
pg_range: rngtypid:oid rngsubtype:oid rngmultitypid:oid
pg_rewrite: oid:oid rulename:name ev_class:oid ev_type:char ev_enabled:char is_instead:bool
pg_roles: rolname:name rolsuper:bool rolinherit:bool rolcreaterole:bool rolcreatedb:bool rolcanlogin:bool
 rolreplication:bool rolconnlimit:int4 rolvaliduntil:timestamptz rolbypassrls:bool rolconfig:_text oid:oid
pg_sequence: seqrelid:oid seqtypid:oid seqstart:int8 seqincrement:int8 seqmax:int8 seqmin:int8 seqcache:int8
 seqcycle:bool
pg_sequences: schemaname:name sequencename:name sequenceowner:name
pg_settings: name setting unit category short_desc context vartype source
pg_shdescription: objoid:oid classoid:oid description
pg_stat_activity: datid:oid datname:name pid:int4 usename:name application_name state query
pg_stat_user_tables: relid:oid schemaname:name relname:name n_live_tup:int8 n_dead_tup:int8
pg_statistic_ext: oid:oid stxrelid:oid stxname:name stxnamespace:oid stxowner:oid stxstattarget:int4
 stxkeys:int2vector stxkind:_text
pg_tables: schemaname:name tablename:name tableowner:name tablespace:name hasindexes:bool hasrules:bool
 hastriggers:bool rowsecurity:bool
pg_tablespace: oid:oid spcname:name spcowner:oid spcacl:_text spcoptions:_text
pg_timezone_names: name abbrev utc_offset is_dst:bool
pg_trigger: oid:oid tgrelid:oid tgparentid:oid tgname:name tgfoid:oid tgtype:int2 tgenabled:char tgisinternal:bool
 tgconstraint:oid
pg_type: oid:oid typname:name typnamespace:oid typowner:oid typlen:int2 typbyval:bool typtype:char typcategory:char
 typispreferred:bool typisdefined:bool typdelim:char typrelid:oid typsubscript:regproc typelem:oid typarray:oid
 typinput:regproc typoutput:regproc typreceive:regproc typsend:regproc typnotnull:bool typbasetype:oid
 typtypmod:int4 typndims:int4 typcollation:oid typdefault typalign:char typstorage:char
pg_user: usename:name usesysid:oid usecreatedb:bool usesuper:bool userepl:bool usebypassrls:bool valuntil:timestamptz
pg_views: schemaname:name viewname:name viewowner:name definition
information_schema.check_constraints: constraint_catalog constraint_schema constraint_name check_clause
information_schema.columns: table_catalog table_schema table_name column_name ordinal_position:int4 column_default
 is_nullable data_type character_maximum_length:int4 character_octet_length:int4 numeric_precision:int4
 numeric_precision_radix:int4 numeric_scale:int4 datetime_precision:int4 collation_name domain_name udt_catalog
 udt_schema udt_name is_self_referencing is_identity identity_generation is_generated generation_expression
 is_updatable
information_schema.constraint_column_usage: table_catalog table_schema table_name column_name constraint_catalog
 constraint_schema constraint_name
information_schema.element_types: object_catalog object_schema object_name object_type collection_type_identifier
 data_type
information_schema.key_column_usage: constraint_catalog constraint_schema constraint_name table_catalog table_schema
 table_name column_name ordinal_position:int4 position_in_unique_constraint:int4
information_schema.referential_constraints: constraint_catalog constraint_schema constraint_name
 unique_constraint_catalog unique_constraint_schema unique_constraint_name match_option update_rule delete_rule
information_schema.role_table_grants: grantor grantee table_catalog table_schema table_name privilege_type
 is_grantable with_hierarchy
information_schema.routines: specific_catalog specific_schema specific_name routine_catalog routine_schema
 routine_name routine_type data_type
information_schema.schemata: catalog_name schema_name schema_owner default_character_set_name
information_schema.sequences: sequence_catalog sequence_schema sequence_name data_type
information_schema.table_constraints: constraint_catalog constraint_schema constraint_name table_catalog table_schema
 table_name constraint_type is_deferrable initially_deferred
information_schema.table_privileges: grantor grantee table_catalog table_schema table_name privilege_type
 is_grantable with_hierarchy
information_schema.tables: table_catalog table_schema table_name table_type self_referencing_column_name
 reference_generation is_insertable_into is_typed commit_action
information_schema.triggers: trigger_catalog trigger_schema trigger_name event_object_table
information_schema.views: table_catalog table_schema table_name view_definition check_option is_updatable
"""


def _read(text: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for entry in text.replace("\n ", " ").strip().splitlines():
        table, _, columns = entry.partition(": ")
        pairs = (column.partition(":") for column in columns.split())
        found[table] = {name: kind or "text" for name, _, kind in pairs}
    return found


#: table -> column -> name of its type
TABLES = _read(_CATALOG)
#: column -> name of its type; a name means the same in every catalog, but for these few, which are texts somewhere
COLUMNS = {name: kind for columns in TABLES.values() for name, kind in columns.items()}
