/**
 * tsdaos, asynchronous face: persistent, shared dictionaries and arrays. `tsdaos/sync` is the same in blocking form.
 *
 * @packageDocumentation
 */
import "./node-version.ts";

export type { ChunkCodec } from "./array/codecs.ts";
export type { ArraySpec } from "./array/create.ts";
export type { Arr, ArrayBlock, DArray, Operand } from "./array/darray.ts";
export type { Complex, DType, DTypes, Scalar } from "./array/dtype.ts";
export { type NDArray, ndarray } from "./array/ndarray.ts";
export { type Selection, type SelectionItem, type Slice, sel, slice } from "./array/selection.ts";
export type { CopyOptions, Export, Layout, Read, Stored } from "./array/types.ts";
export type { ApplyOptions } from "./array/xp/apply.ts";
export type { Axis, Floating, Mean, Real, Sum, Xp } from "./array/xp/types.ts";
export { xp } from "./array/xp/xp.ts";
export * from "./container/admin.ts";
export type {
  CheckOptions,
  CreateContainerOptions,
  CreatePoolOptions,
  DestroyOptions,
  SystemCall as Sys,
} from "./container/administration.ts";
export { DCont } from "./container/dcont.ts";
export type { OpenOptions, OpenPathOptions } from "./container/opening.ts";
export { type PathTarget, resolvePath } from "./container/path-file.ts";
export { DDict } from "./dict/ddict.ts";
export { type Bytes, type Codec, type In, type Json, json, type StandardSchema } from "./dict/encoding.ts";
export type { Pairs, Rec } from "./dict/entries.ts";
export type { Key } from "./dict/key.ts";
export type { AsBytes, AsUtf8, AsValue, Bulk, Call, DictOptions, NotOptions, OnProgress } from "./dict/options.ts";
export type { Range } from "./dict/range.ts";
export type {
  CheckReport,
  ContainerInfo,
  ContainerStatus,
  ContainerType,
  Finding,
  NamedObject as ObjectInfo,
  ObjectKind,
  PoolInfo,
  PoolStatus,
} from "./engine/contract.ts";
export { DaosError, type DaosErrorOptions, type DerCode, DObjNotFound } from "./errors.ts";
export type { SystemOptions } from "./system.ts";
