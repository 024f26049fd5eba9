/*
 * crash.h - places where a test can have this process killed, as by kill -9.
 *
 * DWH_CRASH_AT names a place ("copy:after-commit"), DWH_CRASH_ONCE a file that is made when it
 * happens: where it exists already, nothing happens. Without the variables this does nothing.
 */
#ifndef WORKERS_CRASH_H
#define WORKERS_CRASH_H

void crash_here(const char *place);

#endif
