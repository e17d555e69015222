/** What some tests need of the machine and may not find there. */

/**
 * The reason to skip a test that needs `what`, which is not there. With `what` among the words of the environment variable
 * TSDAOS_TEST_REQUIRE it throws instead: where everything is installed, a skip would hide something.
 */
export function skipWithout(what: string, reason: string): string {
  if ((process.env.TSDAOS_TEST_REQUIRE ?? "").split(/[\s,]+/).includes(what))
    throw new Error(`TSDAOS_TEST_REQUIRE names ${what}: ${reason}`);
  return reason;
}
