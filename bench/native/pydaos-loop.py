"""What PyDAOS needs for the same work: reads lines of JSON, answers each with the seconds that it took.

    pydaos-loop.py POOL CONTAINER
"""
import gc
import json
import sys
import time

import pydaos


def work(dicts, dc, name, what, count, size):
    if name not in dicts:
        dicts[name] = dc.get(name)
    dd = dicts[name]
    keys = ["record-%09d" % i for i in range(count)]
    value = b"v" * size
    if what == "put":
        begin = time.perf_counter()
        for key in keys:
            dd.put(key, value)
    elif what == "get":
        begin = time.perf_counter()
        for key in keys:
            dd.get(key)
    elif what == "bput":
        records = {key: value for key in keys}
        begin = time.perf_counter()
        dd.bput(records)
    elif what == "bget":
        records = {key: None for key in keys}
        begin = time.perf_counter()
        dd.bget(records, value_size=size)
        assert None not in records.values()
    elif what == "iterate":
        begin = time.perf_counter()
        count = sum(1 for _ in dd)
    elif what == "len":
        begin = time.perf_counter()
        count = len(dd)
    return time.perf_counter() - begin


def main():
    dc = pydaos.DCont(sys.argv[1], sys.argv[2])
    dicts = {}
    for line in sys.stdin:
        print(work(dicts, dc, **json.loads(line)), flush=True)
    dicts.clear()
    gc.collect()


main()
gc.collect()
