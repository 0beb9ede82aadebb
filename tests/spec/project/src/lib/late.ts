/*
 * Loaded by a dynamic import.
 */
export const late: string = "loaded late";
