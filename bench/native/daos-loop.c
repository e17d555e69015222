/*
 * Puts and gets of one key-value object, some in flight, with libdaos alone: what the daos engine is measured against.
 *
 *   daos-loop POOL CONTAINER OID_HI OID_LO IN_FLIGHT RECORDS
 *
 * Reads lines "put" and "get" and answers each with the seconds that all RECORDS operations took.
 */
#include <daos.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define VALUE_BYTES 100
#define KEY_BYTES 32
#define MAX_IN_FLIGHT 1024

struct operation {
	daos_event_t event;
	daos_size_t  size;
	char         key[KEY_BYTES];
	char         value[VALUE_BYTES];
};

static struct operation operations[MAX_IN_FLIGHT];

static void
must(int rc, const char *what)
{
	if (rc < 0) {
		fprintf(stderr, "%s: %d\n", what, rc);
		exit(1);
	}
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void
start(daos_handle_t oh, int put, int i, struct operation *o)
{
	snprintf(o->key, KEY_BYTES, "record-%09d", i);
	o->event.ev_error = 0;
	o->size = VALUE_BYTES;
	if (put)
		must(daos_kv_put(oh, DAOS_TX_NONE, 0, o->key, VALUE_BYTES, o->value, &o->event), "put");
	else
		must(daos_kv_get(oh, DAOS_TX_NONE, 0, o->key, &o->size, o->value, &o->event), "get");
}

static double
run(daos_handle_t oh, daos_handle_t eq, int put, int in_flight, int records)
{
	struct daos_event *done[MAX_IN_FLIGHT];
	double             begin = now();
	int                next = 0, ended = 0, i;

	while (next < in_flight && next < records) {
		start(oh, put, next, &operations[next]);
		next++;
	}
	while (ended < records) {
		int n = daos_eq_poll(eq, 1, DAOS_EQ_WAIT, in_flight, done);

		must(n, "poll");
		for (i = 0; i < n; i++) {
			struct operation *o = (struct operation *)done[i];

			must(o->event.ev_error, "completion");
			if (!put && o->size != VALUE_BYTES)
				must(-1, "size");
			ended++;
			if (next < records)
				start(oh, put, next++, o);
		}
	}
	return now() - begin;
}

int
main(int argc, char **argv)
{
	daos_handle_t poh, coh, oh, eq;
	daos_obj_id_t oid;
	char          line[64];
	int           in_flight, records, i;

	if (argc != 7)
		return 2;
	oid.hi = strtoull(argv[3], NULL, 16);
	oid.lo = strtoull(argv[4], NULL, 16);
	in_flight = atoi(argv[5]);
	records = atoi(argv[6]);
	must(daos_init(), "init");
	must(daos_pool_connect(argv[1], NULL, DAOS_PC_RW, &poh, NULL, NULL), "pool");
	must(daos_cont_open(poh, argv[2], DAOS_COO_RW, &coh, NULL, NULL), "container");
	must(daos_kv_open(coh, oid, DAOS_OO_RW, &oh, NULL), "object");
	must(daos_eq_create(&eq), "queue");
	for (i = 0; i < in_flight; i++) {
		must(daos_event_init(&operations[i].event, eq, NULL), "event");
		memset(operations[i].value, 'v', VALUE_BYTES);
	}
	while (fgets(line, sizeof(line), stdin) != NULL) {
		printf("%.9f\n", run(oh, eq, line[0] == 'p', in_flight, records));
		fflush(stdout);
	}
	for (i = 0; i < in_flight; i++)
		daos_event_fini(&operations[i].event);
	daos_eq_destroy(eq, 0);
	daos_kv_close(oh, NULL);
	daos_cont_close(coh, NULL);
	daos_pool_disconnect(poh, NULL);
	daos_fini();
	return 0;
}
