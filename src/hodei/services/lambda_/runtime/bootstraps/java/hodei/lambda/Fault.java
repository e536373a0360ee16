package hodei.lambda;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** What is wrong with a function before its handler runs. After a fatal one the process ends. */
final class Fault extends RuntimeException {
    private static final String OURS = Main.class.getPackage().getName() + ".";

    final boolean fatal;
    private final Throwable error;

    Fault(String message) {
        this(null, message, false);
    }

    Fault(Throwable error, String message, boolean fatal) {
        super(message == null ? message(error) : message, null, false, false);
        this.error = error;
        this.fatal = fatal;
    }

    static String message(Throwable error) {
        return error.getLocalizedMessage() == null ? error.getClass().getName() : error.getLocalizedMessage();
    }

    Map<String, Object> told() {
        Map<String, Object> told = new LinkedHashMap<>();
        told.put("errorMessage", getMessage());
        if (error != null) told.put("errorType", error.getClass().getName());
        return told;
    }

    /** "message: class", and the stack. */
    String log() {
        if (error == null) return getMessage();
        StringWriter trace = new StringWriter();
        own(error).printStackTrace(new PrintWriter(trace, true));
        return getMessage() + ": " + error.getClass().getName() + "\n" + trace;
    }

    /** The same exception without the frames below those of the function, nor in what caused it. */
    static <T extends Throwable> T own(T error) {
        cut(error, Collections.newSetFromMap(new IdentityHashMap<>()));
        return error;
    }

    private static void cut(Throwable error, Set<Throwable> seen) {
        if (error == null || !seen.add(error)) return;
        StackTraceElement[] frames = error.getStackTrace();
        int end = 0;
        while (end < frames.length && !frames[end].getClassName().startsWith(OURS)) end++;
        while (end > 0 && reflective(frames[end - 1].getClassName()) && end < frames.length) end--;
        error.setStackTrace(Arrays.copyOf(frames, end));
        cut(error.getCause(), seen);
        for (Throwable other : error.getSuppressed()) cut(other, seen);
    }

    private static boolean reflective(String name) {
        return name.startsWith("java.lang.reflect.") || name.startsWith("jdk.internal.reflect.") || name.startsWith("sun.reflect.");
    }
}
