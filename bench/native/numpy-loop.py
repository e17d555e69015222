"""NumPy and h5py over the files of the benchmark of arrays: a JSON line in, the seconds that it took out."""
import json
import os
import sys
import time

import numpy as np

directory, rows, columns = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
shape = (rows, columns)


def path(name):
    return os.path.join(directory, name)


def memmap(name, mode="r"):
    return np.load(path(name + ".npy"), mmap_mode=mode)


out = np.zeros(shape)
kept = {}


def make_hdf5(chunks):
    import h5py

    with h5py.File(path("a.h5"), "w") as file:
        file.create_dataset("a", data=memmap("a"), chunks=tuple(chunks))


def read_hdf5(boxes):
    """Boxes, each into the start of `out`, which is warm."""
    import h5py

    with h5py.File(path("a.h5"), "r") as file:
        data = file["a"]
        for (top, left), (height, width) in boxes:
            target = out.reshape(-1)[: height * width].reshape(height, width)
            data.read_direct(target, np.s_[top : top + height, left : left + width])
            check(target, top, left)


def check(target, top, left):
    data = kept.setdefault("a", memmap("a"))
    if target[0, 0] != data[top, left] or target[-1, -1] != data[top + target.shape[0] - 1, left + target.shape[1] - 1]:
        raise ValueError("h5py reads something else than was written")


def reduce(name, keep):
    data = kept.setdefault("a", memmap("a")) if keep else memmap("a")
    getattr(np, name)(data)


def axpy():
    """a * 2 + b into a file, flushed to the disk."""
    c = memmap("c", "r+")
    np.multiply(memmap("a"), 2, out=c)
    np.add(c, memmap("b"), out=c)
    c.flush()


def make_target():
    np.lib.format.open_memmap(path("c.npy"), mode="w+", dtype="f8", shape=shape).flush()


for line in sys.stdin:
    question = json.loads(line)
    started = time.perf_counter()
    globals()[question.pop("do")](**question)
    print(time.perf_counter() - started, flush=True)
