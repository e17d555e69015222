/** Options of dictionaries, shared by both faces. */
import type { Codec, ValueEncoding } from "./encoding.ts";

/** Options of one call. */
export interface Call {
  /** Aborts the call, which rejects with the signal's reason. A write lands whole or not at all. */
  signal?: AbortSignal | undefined;
}

/** Told now and then how many records are done, of how many (where that is known). */
export type OnProgress = (done: number, total: number | undefined) => void;

/** Options of a call that may take long. */
export interface Bulk extends Call {
  /** Told now and then how far the call is. What it throws, the call fails with. */
  onProgress?: OnProgress | undefined;
}

/** Options of `dict`. */
export interface DictOptions extends Bulk {
  /** DAOS's object class, such as `OC_S1` or `OC_RP_2GX`: how the object is spread and protected, where the engine can. */
  oclass?: string | undefined;
  /** What a taken name means: `"error"` (DER_EXIST, the default, as in DAOS) or `"open"` (the existing dictionary, unchanged). */
  ifExists?: "error" | "open" | undefined;
}

/** Marks a record of entries as not being options: options go third. */
export type NotOptions = { valueEncoding?: never; ifExists?: never; oclass?: never };
/** Values come out as bytes. */
export type AsBytes = { valueEncoding?: undefined };
/** Values are text. */
export type AsUtf8 = { valueEncoding: "utf8" };
/** Values are JSON, or what a codec makes of them. */
export type AsValue<V> = { valueEncoding: "json" | Codec<V> };

/** The options of `dict` with any encoding. */
export interface AnyDictOptions extends DictOptions {
  valueEncoding?: ValueEncoding<unknown>;
}

const OPTION_NAMES = new Set(["valueEncoding", "ifExists", "oclass", "signal", "onProgress"]);

/** Throws TypeError when `init` looks like options in the wrong place, as in `dict("d", { valueEncoding: "json" })`. */
export function refuseOptionsAsInit(init: unknown, options: unknown): void {
  if (options !== undefined || typeof init !== "object" || init === null || Symbol.iterator in init) return;
  const keys = Object.keys(init);
  if (keys.length > 0 && keys.every((key) => OPTION_NAMES.has(key)))
    throw new TypeError(
      `dict(name, { ${keys.join(", ")} }) reads as options; options go third: dict(name, null, { ... })`,
    );
}

/** Throws TypeError for an unknown `ifExists`. */
export function checkIfExists(ifExists: unknown): void {
  if (ifExists !== undefined && ifExists !== "error" && ifExists !== "open")
    throw new TypeError(`ifExists is "error" or "open", not ${String(ifExists)}`);
}

/** The condition of a `put`. TypeError for an unknown one. */
export function checkCondition(condition: unknown): "absent" | "present" | undefined {
  if (condition === undefined || condition === "absent" || condition === "present") return condition;
  throw new TypeError(`the condition of put is "absent" or "present", not ${String(condition)}`);
}
