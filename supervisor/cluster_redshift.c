/*
 * cluster_redshift.c - the provisioned cluster.
 *
 * It is there as soon as CreateCluster is answered, and can be used minutes later: "available",
 * with an endpoint, and every role "in-sync".
 */
#include "shared/xml.h"
#include "supervisor/cluster_check.h"
#include "supervisor/cluster_site.h"
#include "supervisor/price.h"

static const char *name_of(struct site *s)
{
	return s->identifier;
}

/* ---- what CreateCluster would refuse ---- */

static const struct node_type {
	const char *name;
	int least; /* nodes */
} node_types[] = {{"dc2.large", 1}, {"dc2.8xlarge", 2}, {"rg.large", 1}, {"rg.xlarge", 1},
    {"rg.4xlarge", 1}, {"rg.12xlarge", 1}, {"ra3.large", 1}, {"ra3.xlplus", 1}, {"ra3.4xlarge", 1},
    {"ra3.16xlarge", 2}};

static bool check_node_type(struct site *s, const struct node_type **out, struct err *e)
{
	const char *given = s->config->dwh.node_type;

	for (size_t i = 0; i < sizeof node_types / sizeof node_types[0]; i++)
		if (strcmp(node_types[i].name, given) == 0) {
			*out = &node_types[i];
			return true;
		}
	return site_bad(s, "DWH", "NODE_TYPE", e,
	    "is \"%.40s\", must be one of ra3.large, ra3.xlplus, ra3.4xlarge, ra3.16xlarge, "
	    "rg.large, rg.xlarge, rg.4xlarge, rg.12xlarge, dc2.large, dc2.8xlarge",
	    given);
}

static bool is_single(const struct site *s)
{
	return strcmp(s->config->dwh.cluster_type, "single-node") == 0;
}

static bool check_nodes(struct site *s, const struct node_type *t, struct err *e)
{
	const char *from = config_from(s->config, STR("DWH.NUM_NODES"));
	int64_t n = s->config->dwh.num_nodes;

	if (!is_single(s))
		return n >= 2 || site_bad(s, "DWH", "NUM_NODES", e,
		                     "is %lld, a multi-node cluster has 2 or more; for one node "
		                     "set CLUSTER_TYPE = single-node",
		                     (long long)n);
	if (n > 1 && from && strcmp(from, "default") != 0)
		return site_bad(s, "DWH", "NUM_NODES", e,
		    "is %lld, but CLUSTER_TYPE is single-node: set it to 1", (long long)n);
	return t->least == 1 || site_bad(s, "DWH", "CLUSTER_TYPE", e,
	                            "is single-node, which NODE_TYPE = %s cannot be", t->name);
}

static bool check_port(struct site *s, const struct node_type *t, struct err *e)
{
	int64_t port = s->config->dwh.port;

	if (str_starts(str_z(t->name), STR("dc2.")))
		return port >= 1150 || site_bad(s, "DWH", "PORT", e,
		                           "is %lld, must be 1150 to 65535", (long long)port);
	return (port >= 5431 && port <= 5455) || (port >= 8191 && port <= 8215) ||
	       site_bad(s, "DWH", "PORT", e,
	           "is %lld, must be 5431 to 5455 or 8191 to 8215 with NODE_TYPE = %s",
	           (long long)port, t->name);
}

static bool check(struct site *s, struct err *e)
{
	const struct node_type *t;

	return check_node_type(s, &t, e) && check_nodes(s, t, e) && check_port(s, t, e) &&
	       cluster_check_login(s, e);
}

static void plan(struct site *s, struct buf *out)
{
	const struct config *c = s->config;
	int64_t nodes = is_single(s) ? 1 : c->dwh.num_nodes;

	buf_printf(out, "database %s, port %lld, %s; %s", c->dwh.db, (long long)c->dwh.port,
	    c->dwh.public ? "public" : "within its VPC",
	    price_of_nodes_text(s->arena, str_z(c->dwh.node_type), nodes, s->region));
}

/* ---- look ---- */

#define AT "DescribeClustersResult/Clusters/Cluster/"

/* Of the roles of a cluster: ours, and whether each can be used. */
struct roles_seen {
	struct site *site;
	bool ours;     /* this element names our role */
	bool unsynced; /* this or another is not yet in-sync */
};

static void see_role(void *ctx, struct str path, struct str text)
{
	struct roles_seen *r = ctx;

	if (str_eqz(path, AT "IamRoles/ClusterIamRole/IamRoleArn"))
		r->site->role_attached |= r->site->role_arn &&
		                          str_eqz(str_trim(text), r->site->role_arn);
	else if (str_eqz(path, AT "IamRoles/ClusterIamRole/ApplyStatus"))
		r->unsynced |= !str_eqz(str_trim(text), "in-sync");
}

static enum found_state state_of(struct str status, bool usable)
{
	static const struct {
		const char *begins;
		enum found_state is;
	} rows[] = {{"paused", FOUND_PAUSED}, {"deleting", FOUND_GOING},
	    {"final-snapshot", FOUND_GOING}, {"hardware-failure", FOUND_BROKEN},
	    {"incompatible-", FOUND_BROKEN}};

	if (str_starts(status, STR("available")) || str_eqz(status, "storage-full"))
		return usable ? FOUND_READY : FOUND_CHANGING;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (str_starts(status, str_z(rows[i].begins)))
			return rows[i].is;
	return FOUND_CHANGING;
}

/* Nodes are never changed: that is a resize, which takes its time and has its own price. */
static const char *note(struct site *s, struct str body)
{
	const char *type = site_text(s, body, AT "NodeType");
	const char *count = site_text(s, body, AT "NumberOfNodes");
	int64_t wanted = is_single(s) ? 1 : s->config->dwh.num_nodes, n;

	if (!type || !count || !str_to_i64(str_z(count), &n) ||
	    (n == wanted && strcmp(type, s->config->dwh.node_type) == 0))
		return NULL;
	return arena_printf(s->arena,
	    "it stays as it is, %lld of %s, and is not what [DWH] says, %lld of %s", (long long)n,
	    type, (long long)wanted, s->config->dwh.node_type);
}

static bool look(struct site *s, struct found *f, struct err *e)
{
	struct roles_seen roles = {.site = s};
	struct err ignored;
	struct aws_call c;
	struct str body;
	const char *port, *status;
	int64_t n;

	aws_call_init(&c, AWS_REDSHIFT, "DescribeClusters");
	aws_argz(&c, "ClusterIdentifier", s->identifier);
	s->role_attached = false;
	if (!site_send(s, &c, &body, e))
		return site_is(e, "ClusterNotFound") || err_prefix(e, "cluster %s", s->identifier);
	status = site_text(s, body, AT "ClusterStatus");
	if (!status)
		return site_odd(e, "DescribeClusters", "the cluster");
	xml_walk(body, NULL, see_role, &roles, &ignored);
	s->host = site_text(s, body, AT "Endpoint/Address");
	port = site_text(s, body, AT "Endpoint/Port");
	s->port = port && str_to_i64(str_z(port), &n) ? n : 0;
	s->secret_arn = site_text(s, body, AT "MasterPasswordSecretArn");
	s->namespace_arn = site_text(s, body, AT "ClusterNamespaceArn");
	f->is = state_of(str_z(status), s->host && !roles.unsynced);
	f->id = s->identifier;
	f->note = note(s, body);
	f->state = f->is == FOUND_CHANGING && str_starts(str_z(status), STR("available"))
	               ? (s->host ? "available, its role not yet" : "available, no endpoint yet")
	               : status;
	site_see_tags(s, f, body, AT "Tags/Tag");
	return true;
}

/* ---- make, remove ---- */

static bool create(struct site *s, struct err *e)
{
	const struct config *cfg = s->config;
	struct aws_call c;

	aws_call_init(&c, AWS_REDSHIFT, "CreateCluster");
	aws_argz(&c, "ClusterIdentifier", s->identifier);
	aws_argz(&c, "ClusterType", cfg->dwh.cluster_type);
	aws_argz(&c, "NodeType", cfg->dwh.node_type);
	if (!is_single(s))
		aws_arg_int(&c, "NumberOfNodes", cfg->dwh.num_nodes);
	aws_argz(&c, "DBName", cfg->dwh.db);
	aws_argz(&c, "MasterUsername", cfg->dwh.db_user);
	if (s->password)
		aws_arg_secret(&c, "MasterUserPassword", str_z(s->password));
	else
		aws_arg_bool(&c, "ManageMasterPassword", true);
	aws_arg_int(&c, "Port", cfg->dwh.port);
	aws_arg_bool(&c, "PubliclyAccessible", cfg->dwh.public);
	aws_argz(&c, "IamRoles.IamRoleArn.1", s->role_arn);
	aws_argz(&c, "VpcSecurityGroupIds.VpcSecurityGroupId.1", s->group_id);
	site_arg_tags(s, &c, "Tags.Tag");
	if (site_send(s, &c, NULL, e) || site_is(e, "ClusterAlreadyExists"))
		return true;
	/* The role is seconds old, and not known everywhere. */
	if (strstr(e->msg, "IAM role") && strstr(e->msg, "not valid"))
		return site_later(e);
	if (site_is(e, "InsufficientClusterCapacity"))
		return err_prefix(e, "AWS has no room for it now; another [DWH] NODE_TYPE or "
		                     "[AWS] REGION may have");
	return false;
}

static bool send_simple(struct site *s, const char *action, struct err *e)
{
	struct aws_call c;

	aws_call_init(&c, AWS_REDSHIFT, action);
	aws_argz(&c, "ClusterIdentifier", s->identifier);
	return site_send(s, &c, NULL, e) ||
	       (site_is(e, "InvalidClusterState") ? site_later(e) : false);
}

static bool attach_role(struct site *s, struct err *e)
{
	struct aws_call c;

	aws_call_init(&c, AWS_REDSHIFT, "ModifyClusterIamRoles");
	aws_argz(&c, "ClusterIdentifier", s->identifier);
	aws_argz(&c, "AddIamRoles.IamRoleArn.1", s->role_arn);
	return site_send(s, &c, NULL, e) ||
	       (site_is(e, "InvalidClusterState") ? site_later(e) : false);
}

/* The tag that says how long it may live: a later word wins. */
static bool set_expiry(struct site *s, struct err *e)
{
	struct aws_call c;

	aws_call_init(&c, AWS_REDSHIFT, "CreateTags");
	aws_argz(&c, "ResourceName",
	    arena_printf(s->arena, "arn:%s:redshift:%.*s:%s:cluster:%s", s->partition,
	        STRF(s->region), s->account, s->identifier));
	site_arg_tags(s, &c, "Tags.Tag");
	return site_send(s, &c, NULL, e);
}

static bool make(struct site *s, const struct found *f, struct err *e)
{
	if (f->is == FOUND_NOTHING)
		return create(s, e);
	if (f->is == FOUND_PAUSED)
		return send_simple(s, "ResumeCluster", e);
	if (!site_expires_so(s, f) && !set_expiry(s, e))
		return false;
	return f->is != FOUND_READY || s->role_attached || !s->role_arn || attach_role(s, e);
}

/* AWS deletes no cluster that is paused (as its users report; the manual is silent). */
static bool resume_to_remove(struct site *s, struct err *e)
{
	return send_simple(s, "ResumeCluster", e) &&
	       err_set(e, ERR_RETRY, AT_AWS, "resumed first",
	           "the cluster is paused: it is resumed, and can be deleted then");
}

static bool remove_cluster(struct site *s, const struct found *f, struct err *e)
{
	struct aws_call c;

	aws_call_init(&c, AWS_REDSHIFT, "DeleteCluster");
	aws_argz(&c, "ClusterIdentifier", s->identifier);
	aws_arg_bool(&c, "SkipFinalClusterSnapshot", true);
	if (site_send(s, &c, NULL, e) || site_is(e, "ClusterNotFound"))
		return true;
	if (!site_is(e, "InvalidClusterState"))
		return false;
	return f->is == FOUND_PAUSED ? resume_to_remove(s, e) : site_later(e);
}

static bool pause_cluster(struct site *s, struct err *e)
{
	return send_simple(s, "PauseCluster", e);
}

static bool resume_cluster(struct site *s, struct err *e)
{
	return send_simple(s, "ResumeCluster", e);
}

static const char *by_hand(struct site *s)
{
	return arena_printf(s->arena,
	    "aws redshift delete-cluster --region %.*s --cluster-identifier %s "
	    "--skip-final-cluster-snapshot",
	    STRF(s->region), s->identifier);
}

const struct resource resource_cluster = {.kind = "cluster",
    .usual_s = 300,
    .costs = true,
    .warehouse = true,
    .holds_data = true,
    .name = name_of,
    .check = check,
    .plan = plan,
    .look = look,
    .make = make,
    .remove = remove_cluster,
    .pause = pause_cluster,
    .resume = resume_cluster,
    .by_hand = by_hand};
