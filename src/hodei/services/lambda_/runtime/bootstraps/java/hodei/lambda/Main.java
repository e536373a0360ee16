package hodei.lambda;

import java.io.IOError;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The runtime of Java functions: it asks the Runtime API for events, calls the handler, and gives its answers back.
 * It needs nothing but a JRE (8 or newer); what it knows of Lambda's interfaces it finds among the function's classes.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
public final class Main {
    private static final String TRACE = "com.amazonaws.xray.traceHeader"; // where the X-Ray SDK looks for it

    public static void main(String[] arguments) throws Exception {
        Api api = new Api(System.getenv("AWS_LAMBDA_RUNTIME_API"));
        Handler handler;
        try {
            handler = Handlers.find(System.getenv("_HANDLER"), new Classes(System.getenv("LAMBDA_TASK_ROOT"), System.getenv("HODEI_OPT")));
        } catch (Fault fault) {
            if (fault.fatal) {
                fail(api, "init/error", fault.told(), fault.log());
                System.exit(1);
            }
            handler = (event, invocation) -> {
                throw fault;
            };
        }
        while (serve(api, handler)) {
            Thread.interrupted(); // a handler may have left that behind
        }
        System.exit(1);
    }

    /** One event. False if the process is not fit for another one. */
    private static boolean serve(Api api, Handler handler) throws Exception {
        Api.Answer event = api.get("invocation/next");
        Invocation invocation = new Invocation(event.headers);
        if (invocation.trace == null) System.clearProperty(TRACE);
        else System.setProperty(TRACE, invocation.trace);
        String path = "invocation/" + invocation.id;
        try {
            byte[] answer = handler.handle(event.body, invocation);
            System.out.flush();
            api.post(path + "/response", answer, null);
            return true;
        } catch (Fault fault) {
            fail(api, path + "/error", fault.told(), fault.log());
            return !fault.fatal;
        } catch (Throwable error) {
            fail(api, path + "/error", told(error), new Fault(error, error.getMessage(), false).log());
            return !(error instanceof VirtualMachineError || error instanceof IOError);
        }
    }

    private static Map<String, Object> told(Throwable error) {
        StackTraceElement[] frames = Fault.own(error).getStackTrace();
        String[] trace = new String[frames.length];
        for (int i = 0; i < frames.length; i++) trace[i] = frames[i].toString();
        Map<String, Object> told = new LinkedHashMap<>();
        told.put("errorMessage", Fault.message(error));
        told.put("errorType", error.getClass().getName());
        told.put("stackTrace", trace);
        return told;
    }

    private static void fail(Api api, String path, Map<String, Object> told, String log) throws Exception {
        System.out.println(log);
        System.out.flush();
        Object type = told.get("errorType");
        api.post(path, Json.write(told), type == null ? "Runtime.BadFunctionCode" : type.toString());
    }
}
