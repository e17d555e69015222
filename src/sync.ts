/**
 * tsdaos, blocking face: persistent, shared dictionaries that are `Map`s, and arrays. For scripts, the shell, and programs
 * that come from PyDAOS.
 *
 * @packageDocumentation
 */
import "./node-version.ts";

export type { ChunkCodec } from "./array/codecs.ts";
export type { ArraySpec } from "./array/create.ts";
export type { Arr, ArrayBlock, CopyOptions, DArray, Export, Operand, Read } from "./array/darray-sync.ts";
export type { Complex, DType, DTypes, Scalar } from "./array/dtype.ts";
export { type NDArray, ndarray } from "./array/ndarray.ts";
export { type Selection, type SelectionItem, type Slice, sel, slice } from "./array/selection.ts";
export type { Layout, Stored } from "./array/types.ts";
export type { ApplyOptions } from "./array/xp/apply.ts";
export type { Axis, Floating, Mean, Real, Sum, Xp } from "./array/xp/types.ts";
export { xp } from "./array/xp/xp-sync.ts";
export * from "./container/admin-sync.ts";
export type {
  CheckOptions,
  CreateContainerOptions,
  CreatePoolOptions,
  DestroyOptions,
  SystemCall as Sys,
} from "./container/administration.ts";
export { DCont, type DictOptions, type OpenOptions, type OpenPathOptions } from "./container/dcont-sync.ts";
export { type PathTarget, resolvePath } from "./container/path-file.ts";
export { type Bulk, DDict, type Range } from "./dict/ddict-sync.ts";
export { type Bytes, type Codec, type In, type Json, json, type StandardSchema } from "./dict/encoding.ts";
export type { Rec, SyncPairs } from "./dict/entries.ts";
export type { Key } from "./dict/key.ts";
export type { AsBytes, AsUtf8, AsValue, NotOptions, OnProgress } from "./dict/options.ts";
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
