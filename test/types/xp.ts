/** The types of computing with arrays, on both faces. Checked by `tsc`; never run. */
import { type Arr, type DArray, type DCont, type NDArray, xp } from "../../src/index.ts";
import { type Arr as SyncArr, type DArray as SyncDArray, xp as syncXp } from "../../src/sync.ts";
import { type Equal, same } from "./equal.ts";

declare const floats: DArray<"float32">;
declare const integers: DArray<"int16">;
declare const memory: NDArray<"float32">;
declare const pairs: DArray<"complex64">;
declare const cont: DCont;
declare const blocking: SyncDArray<"int64">;

export async function expressions(): Promise<void> {
  const sum = xp.add(xp.multiply(floats, 2), memory);
  same<Equal<typeof sum, Arr<"float32">>>();
  const truth = xp.greater(floats, 1);
  same<Equal<typeof truth, Arr<"bool">>>();
  same<Equal<ReturnType<typeof truth.at>, Promise<boolean>>>();
  const chosen = xp.where(truth, floats, 0);
  same<Equal<typeof chosen, Arr<"float32">>>();
  const stored = await sum.store(cont, "sum");
  same<Equal<typeof stored, DArray<"float32">>>();
  await sum.into(floats);
  // @ts-expect-error dtypes that differ: astype first
  xp.add(floats, integers);
  xp.add(floats, integers.astype("float32"));
  // @ts-expect-error a list is no array
  xp.add([1, 2], floats);
  // @ts-expect-error truth values are no float32
  await truth.into(floats);
}

export function dtypes(): void {
  const mean = xp.mean(integers, { axis: 0, keepdims: true });
  same<Equal<typeof mean, Arr<"float64">>>();
  const total = xp.sum(integers);
  same<Equal<typeof total, Arr<"int64">>>();
  const wide = xp.sum(integers, { axis: [0, 1], dtype: "float64" });
  same<Equal<typeof wide, Arr<"float64">>>();
  const quotient = xp.divide(integers, 3);
  same<Equal<typeof quotient, Arr<"float64">>>();
  const root = xp.sqrt(integers);
  same<Equal<typeof root, Arr<"float32">>>();
  const size = xp.abs(pairs);
  same<Equal<typeof size, Arr<"float32">>>();
  const where = xp.argmax(integers);
  same<Equal<typeof where, Arr<"float64">>>();
  const blocks = xp.apply((a) => a as NDArray<"float32">, [floats, memory], { signature: "(n),(n)->(n)" });
  same<Equal<typeof blocks, Arr<"float32">>>();
  same<Equal<ReturnType<typeof floats.__array_namespace__>, typeof xp>>();
}

export function blockingFace(): void {
  const sum = syncXp.add(blocking, 1n);
  same<Equal<typeof sum, SyncArr<"int64">>>();
  same<Equal<ReturnType<typeof sum.at>, bigint>>();
  // @ts-expect-error the other face's array
  syncXp.add(floats, 1);
}
