/* commands.h - what each command of a person does, as the table in main.c names them. */
#ifndef SUPERVISOR_COMMANDS_H
#define SUPERVISOR_COMMANDS_H

#include "supervisor/command.h"

int cmd_run(struct call *c); /* run load transform create drop check */
int cmd_quarantine(struct call *c);
int cmd_query(struct call *c);
int cmd_plan(struct call *c);
int cmd_report(struct call *c);
int cmd_status(struct call *c);
int cmd_config(struct call *c);
int cmd_psql(struct call *c);
int cmd_data(struct call *c);
int cmd_states(struct call *c);
int cmd_help(struct call *c);
int cmd_version(struct call *c);

#endif
