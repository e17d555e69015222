/** Labels of pools and containers: what DAOS allows (`daos_label_is_valid` in DAOS's `daos_prop.h`). */
import { DaosError } from "../errors.ts";

/** The most characters that a label may have (`DAOS_PROP_LABEL_MAX_LEN`). */
const LABEL_MAX = 127;

const LABEL = /^[A-Za-z0-9:._-]{1,127}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether `text` has a UUID's form, in either case. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** Whether `text` can be the label of a pool or container. A UUID's form is no label: it would be ambiguous. */
export function isLabel(text: unknown): text is string {
  return typeof text === "string" && LABEL.test(text) && text !== "." && text !== ".." && !isUuid(text);
}

/** Throws DER_INVAL, before any I/O, unless `label` can be a label. */
export function checkLabel(label: unknown, context: string): asserts label is string {
  if (!isLabel(label))
    throw invalid(label, context, `a label is 1 to ${LABEL_MAX} of A-Z a-z 0-9 : . - _ and not a UUID`);
}

/** Throws DER_INVAL, before any I/O, unless `name` can name a pool or container: a label or a UUID. */
export function checkLabelOrUuid(name: unknown, context: string): asserts name is string {
  if (!isLabel(name) && !(typeof name === "string" && isUuid(name)))
    throw invalid(name, context, `a label is 1 to ${LABEL_MAX} of A-Z a-z 0-9 : . - _`);
}

function invalid(label: unknown, context: string, rule: string): DaosError<"DER_INVAL"> {
  const shown = typeof label === "string" ? JSON.stringify(label.slice(0, LABEL_MAX + 1)) : String(typeof label);
  return new DaosError("DER_INVAL", context, { detail: `invalid label ${shown}: ${rule}` });
}
