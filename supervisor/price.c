/* price.c - see price.h. */
#include "supervisor/price.h"

#include <stdio.h>

/*
 * AWS's price list as it was published or quoted at these dates. Where a date is a month, the price
 * was quoted with no more than that.
 */
#define OFFER "2026-10-05"
#define SPEC "2026-09-24"
#define QUOTED "2026-03"
#define QUOTED_WEST "2026-05"

static const struct {
	const char *node_type, *region;
	struct price price;
} nodes[] = {
    {"ra3.large", "us-east-1", {543000, QUOTED}},
    {"ra3.xlplus", "us-east-1", {1086000, OFFER}},
    {"ra3.4xlarge", "us-east-1", {3260000, OFFER}},
    {"ra3.16xlarge", "us-east-1", {13040000, QUOTED}},
    {"rg.large", "us-east-1", {380100, SPEC}},
    {"rg.xlarge", "us-east-1", {760200, OFFER}},
    {"rg.4xlarge", "us-east-1", {3042670, OFFER}},
    {"rg.12xlarge", "us-east-1", {9128000, SPEC}},
    {"dc2.large", "us-east-1", {250000, QUOTED}},
    {"dc2.8xlarge", "us-east-1", {4800000, QUOTED}},
    {"ra3.large", "us-west-2", {543000, QUOTED_WEST}},
    {"ra3.4xlarge", "us-west-2", {3260000, QUOTED_WEST}},
};

#define RPU_DATE "2026-09-21"

/* Of the price list by its public interface, usage type Redshift:ServerlessUsage. */
static const struct {
	const char *region;
	int64_t micro;
} rpus[] = {
    {"af-south-1", 460530},
    {"ap-east-1", 495000},
    {"ap-east-2", 444600},
    {"ap-northeast-1", 494000},
    {"ap-northeast-2", 438000},
    {"ap-northeast-3", 450000},
    {"ap-south-1", 427500},
    {"ap-south-2", 427500},
    {"ap-southeast-1", 450000},
    {"ap-southeast-2", 419000},
    {"ap-southeast-3", 450000},
    {"ap-southeast-4", 419000},
    {"ap-southeast-5", 405000},
    {"ap-southeast-6", 439950},
    {"ap-southeast-7", 405000},
    {"ca-central-1", 412500},
    {"ca-west-1", 412500},
    {"eu-central-1", 451000},
    {"eu-central-2", 496100},
    {"eu-north-1", 374000},
    {"eu-south-1", 406350},
    {"eu-south-2", 387000},
    {"eu-west-1", 387000},
    {"eu-west-2", 467000},
    {"eu-west-3", 406000},
    {"il-central-1", 406000},
    {"me-central-1", 415800},
    {"mx-central-1", 393750},
    {"sa-east-1", 597600},
    {"us-east-1", 375000},
    {"us-east-2", 360000},
    {"us-gov-east-1", 375000},
    {"us-gov-west-1", 375000},
    {"us-west-1", 469000},
    {"us-west-2", 360000},
};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

bool price_of_node(struct str node_type, struct str region, struct price *out)
{
	for (size_t i = 0; i < COUNT(nodes); i++)
		if (str_eqz(node_type, nodes[i].node_type) && str_eqz(region, nodes[i].region)) {
			*out = nodes[i].price;
			return true;
		}
	return false;
}

bool price_of_rpu(struct str region, struct price *out)
{
	for (size_t i = 0; i < COUNT(rpus); i++)
		if (str_eqz(region, rpus[i].region)) {
			*out = (struct price){rpus[i].micro, RPU_DATE};
			return true;
		}
	return false;
}

/* "1.086", "3.04267": all that there is, two decimals at least. */
static const char *dollars(struct arena *a, int64_t micro)
{
	char *text = arena_printf(
	    a, "%lld.%06lld", (long long)(micro / 1000000), (long long)(micro % 1000000));
	size_t n = strlen(text);

	for (int most = 4; most > 0 && text[n - 1] == '0'; most--)
		text[--n] = '\0';
	return text;
}

/* What a region that the table does not know may be measured by. China has another currency. */
#define INDICATION "us-east-1"
#define PRICING "see https://aws.amazon.com/redshift/pricing/"

static const char *unknown(struct arena *a, const char *what, struct str region)
{
	return arena_printf(a,
	    "price unknown (the table in this program has none of %s in %.*s; " PRICING ")", what,
	    STRF(region));
}

static bool measured(struct str region)
{
	return !str_starts(region, STR("cn-"));
}

static const char *indicated(
    struct arena *a, struct price p, int64_t n, const char *what, struct str region)
{
	return arena_printf(a,
	    "price unknown: in " INDICATION " %s USD an hour (%lld at %s, on demand, without "
	    "storage; price of %s); %.*s is not in the table for %s (" PRICING ")",
	    dollars(a, p.micro * n), (long long)n, dollars(a, p.micro), p.as_of, STRF(region),
	    what);
}

const char *price_of_nodes_text(struct arena *a, struct str node_type, int64_t n, struct str region)
{
	struct price p;

	if (!price_of_node(node_type, region, &p))
		return measured(region) && price_of_node(node_type, STR(INDICATION), &p)
		           ? indicated(a, p, n, arena_cstr(a, node_type), region)
		           : unknown(a, arena_cstr(a, node_type), region);
	return arena_printf(a,
	    "%s USD an hour: %lld node%s of %.*s at %s (on demand in %.*s, without storage; price "
	    "of %s)",
	    dollars(a, p.micro * n), (long long)n, n == 1 ? "" : "s", STRF(node_type),
	    dollars(a, p.micro), STRF(region), p.as_of);
}

const char *price_of_rpus_text(struct arena *a, int64_t n, struct str region)
{
	struct price p;

	if (!price_of_rpu(region, &p))
		return measured(region) && price_of_rpu(STR(INDICATION), &p)
		           ? indicated(a, p, n, "Redshift Serverless", region)
		           : unknown(a, "Redshift Serverless", region);
	return arena_printf(a,
	    "%s USD an hour while queries run: %lld RPU%s at %s (on demand in %.*s, without "
	    "storage; price of %s)",
	    dollars(a, p.micro * n), (long long)n, n == 1 ? "" : "s", dollars(a, p.micro),
	    STRF(region), p.as_of);
}
