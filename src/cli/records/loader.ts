/** Storing records in batches: one is written while the next one is gathered. */
import { DaosError, type DDict } from "../../index.ts";
import { BadRecord, type LoadedRecord } from "./record.ts";

const BATCH_RECORDS = 4000;
const BATCH_CHARACTERS = 512 * 1024;

/** Stores records in a dictionary, in their order. */
export class Loader {
  /** How many records are stored. */
  stored = 0;
  readonly #open: () => Promise<DDict>;
  #dict: DDict | undefined;
  #batch: LoadedRecord[] = [];
  #size = 0;
  #writing: Promise<void> = Promise.resolve();

  /** @param open - opens or creates the dictionary; called when there is something to store. */
  constructor(open: () => Promise<DDict>) {
    this.#open = open;
  }

  /** Takes a record. */
  add(record: LoadedRecord): void {
    this.#batch.push(record);
    this.#size += record.key.length + record.value.length;
  }

  /** Starts to write when enough has come together, and waits while the batch before is being written. */
  async flow(): Promise<void> {
    if (this.#batch.length >= BATCH_RECORDS || this.#size >= BATCH_CHARACTERS) await this.#flush();
  }

  /** Writes what was taken so far and waits for it. */
  async settle(): Promise<void> {
    await this.#flush();
    await this.#writing;
  }

  /** Settles; the dictionary is there afterwards, also when no record came. */
  async finish(): Promise<void> {
    await this.settle();
    await this.#dictionary();
  }

  async #flush(): Promise<void> {
    await this.#writing;
    const batch = this.#batch;
    this.#batch = [];
    this.#size = 0;
    if (batch.length === 0) return;
    const dict = await this.#dictionary();
    this.#writing = this.#write(dict, batch);
    // A failure is told of when it is awaited.
    this.#writing.catch(() => {});
  }

  async #write(dict: DDict, batch: readonly LoadedRecord[]): Promise<void> {
    try {
      await dict.bput(batch.map(({ key, value }) => [key, value] as const));
      this.stored += batch.length;
    } catch (error) {
      if (!isBadInput(error)) throw error;
      // Nothing of the batch is stored. One by one, what stands before the bad record is, and the record is found.
      await this.#writeSingly(dict, batch);
    }
  }

  async #writeSingly(dict: DDict, batch: readonly LoadedRecord[]): Promise<void> {
    for (const { key, value, line } of batch) {
      try {
        await dict.set(key, value);
      } catch (error) {
        throw isBadInput(error) ? new BadRecord(line, whatIsBad(error)) : error;
      }
      this.stored++;
    }
  }

  async #dictionary(): Promise<DDict> {
    this.#dict ??= await this.#open();
    return this.#dict;
  }
}

function isBadInput(error: unknown): error is Error {
  return error instanceof TypeError || DaosError.is(error, "DER_INVAL", "DER_KEY2BIG", "DER_REC2BIG");
}

function whatIsBad(error: Error): string {
  return DaosError.is(error) && error.detail !== undefined ? `${error.code}: ${error.detail}` : error.message;
}
