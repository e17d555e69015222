/** The formats of files that arrays are exported to. Pure. */

/** All of them. */
export const FILE_FORMATS = ["npy", "zarr"] as const;

/** The name of one. */
export type FileFormat = (typeof FILE_FORMATS)[number];
