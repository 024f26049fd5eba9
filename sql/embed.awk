# The SQL files named on the command line as one C table: path and text (shared/sqlembed.h).
BEGIN {
	print "/* Made by sql/embed.awk; do not edit. */"
	print "#include \"shared/sqlembed.h\""
	print "const struct sql_embedded sql_embedded[] = {"
}
FNR == 1 {
	if (n++)
		print "    },"
	printf "    {\n\t\"%s\",\n", FILENAME
}
{
	gsub(/\\/, "\\\\")
	gsub(/"/, "\\\"")
	gsub(/\t/, "\\t")
	printf "\t\"%s\\n\"\n", $0
}
END {
	if (n)
		print "    },"
	print "    {0, 0},"
	print "};"
	printf "const unsigned long sql_embedded_n = %d;\n", n
}
