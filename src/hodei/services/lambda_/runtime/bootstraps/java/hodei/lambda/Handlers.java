package hodei.lambda;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * From a handler's name ("package.Class::method", "package.Class") to what it calls. Most of what is wrong with it is told
 * at the first event, as AWS does: only what a class or a constructor throws ends the initialisation.
 */
final class Handlers {
    private static final byte[] NULL = {'n', 'u', 'l', 'l'};

    private final Classes classes;
    private final Class<?> context;

    private Handlers(Classes classes) {
        this.classes = classes;
        this.context = classes.ofLambda("Context");
    }

    static Handler find(String name, Classes classes) {
        int colons = name.lastIndexOf("::");
        String type = colons < 0 ? name : name.substring(0, colons);
        String method = colons < 0 ? null : name.substring(colons + 2);
        if (type.isEmpty() || "".equals(method)) throw new Fault("Invalid handler: `" + name + "'");
        Handlers handlers = new Handlers(classes);
        Class<?> found = load(type, classes);
        return method == null ? handlers.byInterface(found) : handlers.byMethod(found, method);
    }

    private static Class<?> load(String name, Classes classes) {
        try {
            return Class.forName(name, true, classes);
        } catch (ClassNotFoundException missing) {
            throw new Fault(missing, "Class not found: " + name, false);
        } catch (Throwable error) {
            String why = error.getMessage() == null ? "" : ": " + error.getMessage();
            throw new Fault(error, "Error loading class " + name + why, true);
        }
    }

    private Handler byInterface(Class<?> type) {
        Class<?> streams = classes.ofLambda("RequestStreamHandler"), objects = classes.ofLambda("RequestHandler");
        if (streams != null && streams.isAssignableFrom(type)) {
            return called(type, method(streams, "handleRequest"), InputStream.class, OutputStream.class, context);
        }
        if (objects == null || !objects.isAssignableFrom(type)) {
            throw new Fault("Class does not implement an appropriate handler interface: " + type.getName());
        }
        Type[] parameters = Types.parameters(type, objects);
        if (parameters == null) {
            throw new Fault("Class " + type.getName() + " does not implement RequestHandler with concrete type parameters");
        }
        for (Type parameter : parameters) {
            if (parameter instanceof TypeVariable && Types.raw(parameter) == Object.class) {
                throw new Fault("Class " + type.getName() + " does not implement RequestHandler with concrete type parameters: parameter "
                    + parameter + " has no upper bound.");
            }
        }
        return called(type, method(objects, "handleRequest"), parameters[0], context);
    }

    private static Method method(Class<?> type, String name) {
        for (Method method : type.getMethods()) if (method.getName().equals(name)) return method;
        throw new Fault("Class " + type.getName() + " has no public method named " + name);
    }

    /** The longest of the methods by that name that fits; one that takes a Context counts as one longer than it is. */
    private Handler byMethod(Class<?> type, String name) {
        List<Method> named = new ArrayList<>();
        for (Method method : type.getMethods()) if (method.getName().equals(name)) named.add(method);
        named.sort(Comparator.comparing(Method::isBridge).thenComparing(this::length, Comparator.reverseOrder()));
        for (Method method : named) {
            if (fits(method.getGenericParameterTypes())) return called(type, method, method.getGenericParameterTypes());
        }
        throw new Fault("No public method named " + name + " with appropriate method signature found on class " + type.getName());
    }

    private int length(Method method) {
        Class<?>[] types = method.getParameterTypes();
        return types.length + (types.length > 0 && types[types.length - 1] == context ? 1 : 0);
    }

    /** At most one input, or the input's stream, and the output's; then at most a Context. */
    private boolean fits(Type[] types) {
        int count = types.length;
        if (count > 0 && types[count - 1] == context) count--;
        if (count > 0 && types[count - 1] == OutputStream.class) {
            count--;
            return count == 0 || count == 1 && types[0] == InputStream.class;
        }
        return count <= 1 && !(count == 1 && types[0] == context);
    }

    private Handler called(Class<?> type, Method method, Type... types) {
        Object self = Modifier.isStatic(method.getModifiers()) ? null : made(type);
        boolean answers = method.getReturnType() != void.class;
        boolean writes = false;
        boolean reads = false;
        for (Type one : types) {
            writes |= one == OutputStream.class;
            reads |= one == InputStream.class;
        }
        boolean streams = writes || reads;
        boolean silent = !answers && !writes;
        method.setAccessible(true); // a public method of a class that is not
        return (event, invocation) -> {
            ByteArrayOutputStream output = new ByteArrayOutputStream();
            Object[] given = new Object[types.length];
            for (int i = 0; i < given.length; i++) {
                if (types[i] == context) given[i] = invocation.context(context);
                else if (types[i] == OutputStream.class) given[i] = output;
                else if (types[i] == InputStream.class) given[i] = new ByteArrayInputStream(event);
                else given[i] = read(event, types[i]);
            }
            Object answer = invoke(method, self, given);
            if (streams) return output.toByteArray();
            return silent ? NULL : write(answer);
        };
    }

    private static Object made(Class<?> type) {
        Constructor<?> constructor;
        try {
            constructor = type.getConstructor();
        } catch (NoSuchMethodException missing) {
            boolean inner = type.getEnclosingClass() != null && !Modifier.isStatic(type.getModifiers());
            String why = inner ? " cannot be instantiated because it is a non-static inner class" : " has no public zero-argument constructor";
            throw new Fault(new Exception(), "Class " + type.getName() + why, false);
        }
        try {
            constructor.setAccessible(true);
            return constructor.newInstance();
        } catch (InvocationTargetException error) {
            throw new Fault(error.getCause(), null, true);
        } catch (ReflectiveOperationException error) {
            throw new Fault(error, null, false);
        }
    }

    private static Object invoke(Method method, Object self, Object[] given) throws Throwable {
        try {
            return method.invoke(self, given);
        } catch (InvocationTargetException error) {
            throw error.getCause();
        }
    }

    private static Object read(byte[] event, Type type) {
        try {
            return Beans.made(Json.read(event), type);
        } catch (RuntimeException error) {
            throw new RuntimeException("An error occurred during JSON parsing", error);
        }
    }

    private static byte[] write(Object answer) {
        try {
            return Json.write(answer);
        } catch (RuntimeException error) {
            throw new RuntimeException("An error occurred during JSON serialization of response", error);
        }
    }
}
