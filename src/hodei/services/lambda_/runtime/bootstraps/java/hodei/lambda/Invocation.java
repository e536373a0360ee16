package hodei.lambda;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a handler knows of its invocation, behind Lambda's interface Context as the function has it. */
final class Invocation {
    final String id;
    final String trace;
    private final Map<String, String> headers;

    Invocation(Map<String, String> headers) {
        this.headers = headers;
        id = headers.get("lambda-runtime-aws-request-id");
        trace = headers.get("lambda-runtime-trace-id");
    }

    Object context(Class<?> type) {
        return proxy(type, (self, method, given) -> {
            switch (method.getName()) {
                case "getAwsRequestId": return id;
                case "getLogGroupName": return System.getenv("AWS_LAMBDA_LOG_GROUP_NAME");
                case "getLogStreamName": return System.getenv("AWS_LAMBDA_LOG_STREAM_NAME");
                case "getFunctionName": return System.getenv("AWS_LAMBDA_FUNCTION_NAME");
                case "getFunctionVersion": return System.getenv("AWS_LAMBDA_FUNCTION_VERSION");
                case "getInvokedFunctionArn": return headers.get("lambda-runtime-invoked-function-arn");
                case "getMemoryLimitInMB": return Integer.valueOf(System.getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"));
                case "getRemainingTimeInMillis": return (int) Math.max(0, deadline() - System.currentTimeMillis());
                case "getTenantId": return headers.get("lambda-runtime-aws-tenant-id");
                case "getXrayTraceId": return trace;
                case "getLogger": return proxy(method.getReturnType(), this::log);
                case "getIdentity": return identity(method.getReturnType());
                case "getClientContext": return client(method.getReturnType());
                default: return ofObject(self, method.getName(), given);
            }
        });
    }

    private long deadline() {
        return Long.parseLong(headers.get("lambda-runtime-deadline-ms"));
    }

    private Object log(Object self, java.lang.reflect.Method method, Object[] given) {
        if (!method.getName().equals("log")) return ofObject(self, method.getName(), given);
        if (given[0] instanceof byte[]) {
            byte[] raw = (byte[]) given[0];
            System.out.write(raw, 0, raw.length);
        } else if ("JSON".equals(System.getenv("AWS_LAMBDA_LOG_FORMAT"))) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("timestamp", java.time.Instant.now().toString());
            line.put("message", String.valueOf(given[0]));
            line.put("level", given.length > 1 && !"UNDEFINED".equals(String.valueOf(given[1])) ? given[1].toString() : "INFO");
            line.put("AWSRequestId", id);
            System.out.println(Json.text(line));
        } else if (given.length > 1 && !"UNDEFINED".equals(String.valueOf(given[1]))) {
            System.out.print("[" + given[1] + "] " + given[0]);
        } else {
            System.out.print(given[0]);
        }
        System.out.flush();
        return null;
    }

    private Object identity(Class<?> type) {
        Map<?, ?> known = object(headers.get("lambda-runtime-cognito-identity"));
        return proxy(type, (self, method, given) -> {
            switch (method.getName()) {
                case "getIdentityId": return known.get("cognitoIdentityId");
                case "getIdentityPoolId": return known.get("cognitoIdentityPoolId");
                default: return ofObject(self, method.getName(), given);
            }
        });
    }

    private Object client(Class<?> type) {
        String text = headers.get("lambda-runtime-client-context");
        if (text == null) return null;
        Map<?, ?> known = object(text);
        return proxy(type, (self, method, given) -> {
            switch (method.getName()) {
                case "getCustom": return known.get("custom");
                case "getEnvironment": return known.get("env");
                case "getClient": return known.get("client") instanceof Map ? members(method.getReturnType(), (Map<?, ?>) known.get("client")) : null;
                default: return ofObject(self, method.getName(), given);
            }
        });
    }

    /** An interface of getters over an object's members: getAppTitle is app_title or appTitle. */
    private static Object members(Class<?> type, Map<?, ?> known) {
        return proxy(type, (self, method, given) -> {
            if (!method.getName().startsWith("get")) return ofObject(self, method.getName(), given);
            String name = Character.toLowerCase(method.getName().charAt(3)) + method.getName().substring(4);
            Object found = known.get(name);
            return found != null ? found : known.get(name.replaceAll("([A-Z])", "_$1").toLowerCase());
        });
    }

    private static Map<?, ?> object(String text) {
        Object found = text == null ? null : Json.read(text);
        return found instanceof Map ? (Map<?, ?>) found : Collections.emptyMap();
    }

    private static Object proxy(Class<?> type, InvocationHandler handler) {
        return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler);
    }

    private static Object ofObject(Object self, String name, Object[] given) {
        switch (name) {
            case "equals": return self == given[0];
            case "hashCode": return System.identityHashCode(self);
            case "toString": return self.getClass().getInterfaces()[0].getSimpleName() + "@" + Integer.toHexString(System.identityHashCode(self));
            default: return null; // what newer versions of the interfaces may ask for
        }
    }
}
