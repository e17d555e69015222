/*
 * Omap reads and writes over some objects of a namespace, some in flight, with librados alone: what the rados engine is
 * measured against.
 *
 *   rados-loop CONF POOL NAMESPACE OBJECTS
 *
 * Reads lines "WHAT IN_FLIGHT RECORDS" and answers each with the seconds that it took. WHAT is
 *
 *   put, get    one record an operation
 *   bput, bget  1000 records an operation
 *   list        the keys that bput has written, 1024 an operation, all objects at a time
 *   cpu         the processor time that the line before took
 *
 * The prototypes are librados.h's, so that no headers need to be installed.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define VALUE_BYTES 100
#define KEY_BYTES 32
#define NAME_BYTES 32
#define BULK 1000
#define PAGE 1024
#define MAX_IN_FLIGHT 1024

typedef void *rados_t, *rados_ioctx_t, *rados_completion_t, *rados_read_op_t, *rados_write_op_t, *rados_omap_iter_t;

int rados_create(rados_t *, const char *);
int rados_conf_read_file(rados_t, const char *);
int rados_conf_set(rados_t, const char *, const char *);
int rados_connect(rados_t);
void rados_shutdown(rados_t);
int rados_ioctx_create(rados_t, const char *, rados_ioctx_t *);
void rados_ioctx_destroy(rados_ioctx_t);
void rados_ioctx_set_namespace(rados_ioctx_t, const char *);
int rados_aio_create_completion2(void *, void *, rados_completion_t *);
int rados_aio_wait_for_complete(rados_completion_t);
int rados_aio_is_complete(rados_completion_t);
int rados_aio_get_return_value(rados_completion_t);
void rados_aio_release(rados_completion_t);
rados_write_op_t rados_create_write_op(void);
void rados_release_write_op(rados_write_op_t);
void rados_write_op_omap_set2(rados_write_op_t, char const *const *, char const *const *, const size_t *, const size_t *, size_t);
int rados_aio_write_op_operate(rados_write_op_t, rados_ioctx_t, rados_completion_t, const char *, time_t *, int);
rados_read_op_t rados_create_read_op(void);
void rados_release_read_op(rados_read_op_t);
void rados_read_op_omap_get_vals_by_keys2(rados_read_op_t, char const *const *, size_t, const size_t *, rados_omap_iter_t *, int *);
void rados_read_op_omap_get_keys2(rados_read_op_t, const char *, uint64_t, rados_omap_iter_t *, unsigned char *, int *);
int rados_aio_read_op_operate(rados_read_op_t, rados_ioctx_t, rados_completion_t, const char *, int);
int rados_omap_get_next2(rados_omap_iter_t, char **, char **, size_t *, size_t *);
void rados_omap_get_end(rados_omap_iter_t);

enum what { PUT, GET, BPUT, BGET, LIST };

struct operation {
	rados_completion_t completion;
	rados_read_op_t    read;
	rados_omap_iter_t  iterator;
	int                result;
	int                records; /* that it carries */
	int                object;  /* of a listing */
	unsigned char      more;
	char               after[KEY_BYTES];
};

static rados_ioctx_t    pool;
static int              objects;
static struct operation operations[MAX_IN_FLIGHT];
static char             value[VALUE_BYTES];

/* What a bulk operation is made of; librados copies it. */
static char        keys[BULK][KEY_BYTES];
static const char *key_at[BULK], *value_at[BULK];
static size_t      key_length[BULK], value_length[BULK];

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

static double
cpu(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* Records from `first` on: their names and lengths where a bulk operation takes them from. */
static void
gather(int first, int count)
{
	int i;

	for (i = 0; i < count; i++)
		key_length[i] = snprintf(keys[i], KEY_BYTES, "record-%09d", first + i);
}

static void
begin_read(struct operation *o, const char *name)
{
	must(rados_aio_read_op_operate(o->read, pool, o->completion, name, 0), "read");
}

/* Starts an operation on `count` records from `first` on; a listing goes on where it was. */
static void
start(enum what what, struct operation *o, int first, int count)
{
	char name[NAME_BYTES];
	int  bulk = what != PUT && what != GET;

	must(rados_aio_create_completion2(NULL, NULL, &o->completion), "completion");
	snprintf(name, NAME_BYTES, "%s.%d", bulk ? "bulk" : "single",
	         (what == LIST ? o->object : bulk ? first / BULK : first) % objects);
	o->records = count;
	if (what == LIST) {
		o->read = rados_create_read_op();
		rados_read_op_omap_get_keys2(o->read, o->after, PAGE, &o->iterator, &o->more, &o->result);
		begin_read(o, name);
		return;
	}
	gather(first, count);
	if (what == PUT || what == BPUT) {
		rados_write_op_t op = rados_create_write_op();

		rados_write_op_omap_set2(op, key_at, value_at, key_length, value_length, count);
		must(rados_aio_write_op_operate(op, pool, o->completion, name, NULL, 0), "write");
		rados_release_write_op(op);
	} else {
		o->read = rados_create_read_op();
		rados_read_op_omap_get_vals_by_keys2(o->read, key_at, count, key_length, &o->iterator, &o->result);
		begin_read(o, name);
	}
}

/* Ends an operation; how many records it had. */
static int
finish(enum what what, struct operation *o)
{
	int   n = 0;
	char *key, *found, copy[KEY_BYTES + VALUE_BYTES];
	size_t length, bytes;

	must(rados_aio_get_return_value(o->completion), "completion");
	rados_aio_release(o->completion);
	if (what == PUT || what == BPUT)
		return o->records;
	for (;; n++) {
		must(rados_omap_get_next2(o->iterator, &key, &found, &length, &bytes), "next");
		if (key == NULL)
			break;
		memcpy(copy, key, length);
		copy[length] = 0;
		if (what == LIST)
			strcpy(o->after, copy);
		else
			memcpy(copy + KEY_BYTES, found, bytes);
		if (what != LIST && bytes != VALUE_BYTES)
			must(-1, "value");
	}
	rados_omap_get_end(o->iterator);
	rados_release_read_op(o->read);
	if (what != LIST && n != o->records)
		must(-1, "records");
	return n;
}

/* Puts, gets: as many operations in flight as asked for, until all records had theirs. */
static void
run(enum what what, int in_flight, int records)
{
	int each = what == BPUT || what == BGET ? BULK : 1;
	int next = 0, ended = 0, slots = 0, oldest = 0, i;

	while (slots < in_flight && next < records) {
		start(what, &operations[slots++], next, each);
		next += each;
	}
	while (ended < records) {
		rados_aio_wait_for_complete(operations[oldest].completion);
		for (i = 0; i < slots; i++) {
			struct operation *o = &operations[(oldest + i) % slots];

			if (o->records == 0 || !rados_aio_is_complete(o->completion))
				continue;
			ended += finish(what, o);
			o->records = 0;
			if (next < records) {
				start(what, o, next, each);
				next += each;
			}
		}
		/* Another one is waited for next, whatever came in between. */
		do
			oldest = (oldest + 1) % slots;
		while (ended < records && operations[oldest].records == 0);
	}
}

/* All objects at a time, each page by page. */
static void
list(int records)
{
	int ended = 0, open = objects, i;

	for (i = 0; i < objects; i++) {
		operations[i].object = i;
		operations[i].after[0] = 0;
		start(LIST, &operations[i], 0, PAGE);
	}
	while (open > 0)
		for (i = 0; i < objects; i++) {
			struct operation *o = &operations[i];

			if (o->object < 0)
				continue;
			rados_aio_wait_for_complete(o->completion);
			ended += finish(LIST, o);
			if (o->more)
				start(LIST, o, 0, PAGE);
			else {
				o->object = -1;
				open--;
			}
		}
	if (ended != records)
		must(-1, "list");
}

int
main(int argc, char **argv)
{
	static const char *const names[] = {"put", "get", "bput", "bget", "list"};
	rados_t cluster;
	char    line[128], what[16];
	double  used = 0;
	int     i, in_flight, records;

	if (argc != 5)
		return 2;
	objects = atoi(argv[4]);
	memset(value, 'v', VALUE_BYTES);
	for (i = 0; i < BULK; i++) {
		key_at[i] = keys[i];
		value_at[i] = value;
		value_length[i] = VALUE_BYTES;
	}
	must(rados_create(&cluster, "admin"), "create");
	must(rados_conf_read_file(cluster, argv[1]), "conf");
	must(rados_connect(cluster), "connect");
	must(rados_ioctx_create(cluster, argv[2], &pool), "pool");
	rados_ioctx_set_namespace(pool, argv[3]);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		double begin = now(), began = cpu();

		in_flight = records = 0;
		sscanf(line, "%15s %d %d", what, &in_flight, &records);
		if (strcmp(what, "cpu") == 0) {
			printf("%.9f\n", used);
			fflush(stdout);
			continue;
		}
		for (i = 0; strcmp(what, names[i]) != 0;)
			if (++i > LIST)
				return 2;
		if (i == LIST)
			list(records);
		else
			run(i, in_flight, records);
		used = cpu() - began;
		printf("%.9f\n", now() - begin);
		fflush(stdout);
	}
	rados_ioctx_destroy(pool);
	rados_shutdown(cluster);
	return 0;
}
