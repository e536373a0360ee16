// Durable functions in JavaScript, as their authors write them.
import { withDurableExecution } from "@aws/durable-execution-sdk-js";

let failures = 0;

export const order = withDurableExecution(async (event, context) => {
  const sum = await context.step("add", async () => event.a + event.b);
  await context.wait("nap", { days: 2 });
  const retried = await context.step(
    "flaky",
    async () => {
      if (failures++ < 1) throw new Error("once");
      return sum * 2;
    },
    { retryStrategy: (error, attempt) => ({ shouldRetry: attempt < 4, delay: { seconds: 30 } }) },
  );
  const both = await context.parallel("both", [
    async (child) => child.step("at once", async () => 1),
    async (child) => {
      await child.wait("a little", { seconds: 20 });
      return 2;
    },
  ]);
  const [answer] = await context.createCallback("approval", { timeout: { hours: 1 } });
  const said = await answer;
  const inner = await context.runInChildContext("inner", async (child) => {
    await child.wait({ seconds: 5 });
    return child.step("inside", async () => "in");
  });
  const polled = await context.waitForCondition("poll", async (state) => state + 1, {
    initialState: 0,
    waitStrategy: (state) => (state >= 3 ? { shouldContinue: false } : { shouldContinue: true, delay: { seconds: 10 } }),
  });
  return { sum, retried, both: both.getResults(), said, inner, polled };
});
