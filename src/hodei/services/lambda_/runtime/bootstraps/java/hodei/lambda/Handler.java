package hodei.lambda;

/** Takes an event as JSON, and gives an answer as JSON. */
interface Handler {
    byte[] handle(byte[] event, Invocation invocation) throws Throwable;
}
