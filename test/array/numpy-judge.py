"""Answers questions about selections with NumPy: one JSON line in, one JSON line out."""
import json
import sys
import warnings

import numpy as np

# An index out of range of an empty array: refused, as NumPy says that it will be.
warnings.simplefilter("error", DeprecationWarning)


def item(x):
    if x is None:
        return slice(None)
    if x == "...":
        return Ellipsis
    if isinstance(x, dict):
        return slice(x["start"], x["stop"], x["step"])
    if isinstance(x, list):
        return np.array(x, dtype=bool if x and isinstance(x[0], bool) else np.intp)
    return x


def indices(selection, shape):
    """Each axis for itself: the flat numbers of the elements that are selected."""
    items = [item(x) for x in selection]
    dots = [i for i, x in enumerate(items) if x is Ellipsis]
    if len(dots) > 1:
        raise IndexError("more than one ellipsis")
    numbers = np.arange(int(np.prod(shape, dtype=np.int64)), dtype=np.int64).reshape(shape)
    for at in dots:
        missing = len(shape) - (len(items) - 1)
        if missing < 0:
            raise IndexError("too many indices")
        items[at : at + 1] = [slice(None)] * missing
    if len(items) > len(shape):
        raise IndexError("too many indices")
    dropped = []
    for axis, x in enumerate(items):
        whole = (slice(None),) * axis
        if isinstance(x, int):
            dropped.append(axis)
            if not -shape[axis] <= x < shape[axis]:
                raise IndexError("out of range")
            numbers = np.take(numbers, [x], axis=axis)
        else:
            numbers = numbers[whole + (x,)]
    return np.squeeze(numbers, axis=tuple(dropped))


def view(numbers, step):
    kind = step["op"]
    if kind == "view":
        return np.array(numbers.reshape(-1))[indices(step["selection"], numbers.shape)]
    if kind == "transpose":
        return np.transpose(numbers, step["axes"] or None)
    if kind == "squeeze":
        return np.squeeze(numbers)
    if kind == "expand":
        return np.expand_dims(numbers, step["axis"])
    return np.broadcast_to(numbers, step["shape"])


def answer(q):
    array = np.frombuffer(bytes.fromhex(q["data"]), dtype=q["dtype"]).reshape(q["shape"]).copy()
    if q["op"] == "set":
        value = np.frombuffer(bytes.fromhex(q["value"]), dtype=q["dtype"]).reshape(q["valueShape"])
        where = indices(q["selection"], array.shape)
        array.reshape(-1)[where] = value
        return {"data": array.tobytes().hex()}
    if q["op"] == "astype":
        with np.errstate(all="ignore"):
            return {"data": np.ascontiguousarray(array.astype(q["to"])).tobytes().hex()}
    numbers = np.arange(array.size, dtype=np.int64).reshape(array.shape)
    for step in q["views"]:
        numbers = view(numbers, step)
    result = array.reshape(-1)[numbers]
    return {"shape": list(result.shape), "data": np.ascontiguousarray(result).tobytes().hex()}


for line in sys.stdin:
    try:
        reply = answer(json.loads(line))
    except (IndexError, ValueError, DeprecationWarning) as e:
        reply = {"refused": str(e)}
    print(json.dumps(reply), flush=True)
