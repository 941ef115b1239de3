#!/bin/bash
# Runs once, when the database is created: a role for Grafana that can read everything and change nothing, since
# whoever sees a dashboard can send any SQL through it.
set -euo pipefail

psql -v ON_ERROR_STOP=1 -v password="$GRAFANA_DB_PASSWORD" -U "$POSTGRES_USER" -d "$POSTGRES_DB" <<'SQL'
CREATE ROLE grafana LOGIN PASSWORD :'password' CONNECTION LIMIT 10;
GRANT pg_read_all_data TO grafana;
ALTER ROLE grafana SET default_transaction_read_only = on;
-- A dashboard left open must not keep the database busy.
ALTER ROLE grafana SET statement_timeout = '10s';
SQL
