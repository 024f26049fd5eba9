# machine.sh - for the benchmarks: on what they ran.
# shellcheck shell=sh

machine() {
	printf '%s, %s processors, %s GiB of memory; Linux %s; load average %s\n' \
		"$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" \
		"$(awk '/^MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo)" "$(uname -r)" \
		"$(cut -d' ' -f1-3 /proc/loadavg)"
}

postgres_settings() {
	psql -XAtqc "SELECT 'PostgreSQL: ' || string_agg(name || '=' || current_setting(name), ' ' ORDER BY name)
		FROM pg_settings WHERE source = 'command line' AND name !~ 'log|socket|port|listen'"
}
