package hodei.lambda;

import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Objects of the function's classes, from JSON by their setters and to JSON by their getters. */
final class Beans {
    private static final class Unfit extends RuntimeException {
        Unfit(Object value, Type type) {
            super("Cannot make an instance of " + type.getTypeName() + " of " + Json.text(value));
        }
    }

    /** What JSON means as that type. Unknown members are left out; names are found in any case. */
    static Object made(Object value, Type type) {
        Class<?> raw = Types.raw(type);
        if (value == null) return raw.isPrimitive() ? number(0, raw) : null;
        if (raw == Object.class) return value;
        if (raw == Optional.class) return Optional.of(made(value, Types.argument(type, 0)));
        if (value instanceof Map) return object((Map<?, ?>) value, type, raw);
        if (value instanceof List) return list((List<?>) value, type, raw);
        if (raw.isInstance(value)) return value;
        if (raw == String.class || raw == CharSequence.class) return value.toString();
        return scalar(value, raw);
    }

    private static Object scalar(Object value, Class<?> raw) {
        String text = value.toString();
        try {
            if (raw == boolean.class || raw == Boolean.class) {
                if (value instanceof Boolean) return value;
                if (text.equals("true") || text.equals("false")) return Boolean.valueOf(text);
            } else if (raw == char.class || raw == Character.class) {
                if (text.length() == 1) return text.charAt(0);
            } else if (raw.isPrimitive() || Number.class.isAssignableFrom(raw)) {
                return number(value instanceof Number ? (Number) value : new BigDecimal(text), raw);
            } else if (raw == byte[].class) {
                return Base64.getDecoder().decode(text);
            } else if (raw == Date.class) {
                return value instanceof Number ? new Date(((Number) value).longValue()) : Date.from(java.time.Instant.parse(text));
            } else if (raw.isEnum()) {
                for (Object one : raw.getEnumConstants()) if (((Enum<?>) one).name().equals(text)) return one;
            } else if (value instanceof String) {
                return ofText(text, raw);
            }
        } catch (ReflectiveOperationException | RuntimeException error) {
            throw (RuntimeException) new Unfit(value, raw).initCause(error instanceof InvocationTargetException ? error.getCause() : error);
        }
        throw new Unfit(value, raw);
    }

    private static Object number(Number value, Class<?> raw) {
        if (raw == boolean.class) return false;
        if (raw == char.class) return '\0';
        if (raw == double.class || raw == Double.class) return value.doubleValue();
        if (raw == float.class || raw == Float.class) return value.floatValue();
        BigDecimal exact = new BigDecimal(value.toString());
        if (raw == BigDecimal.class || raw == Number.class) return exact;
        BigInteger whole = exact.toBigInteger();
        if (raw == BigInteger.class) return whole;
        if (raw == long.class || raw == Long.class) return whole.longValueExact();
        if (raw == int.class || raw == Integer.class) return whole.intValueExact();
        if (raw == short.class || raw == Short.class) return whole.shortValueExact();
        if (raw == byte.class || raw == Byte.class) return whole.byteValueExact();
        throw new Unfit(value, raw);
    }

    /** By what the class itself makes of texts: java.time, UUID, Joda's times. */
    private static Object ofText(String text, Class<?> raw) throws ReflectiveOperationException {
        for (String name : new String[] {"parse", "fromString", "valueOf", "create"}) {
            for (Class<?> parameter : new Class<?>[] {String.class, CharSequence.class}) {
                try {
                    Method method = raw.getMethod(name, parameter);
                    if (Modifier.isStatic(method.getModifiers()) && raw.isAssignableFrom(method.getReturnType())) return method.invoke(null, text);
                } catch (NoSuchMethodException another) {
                    // the next one
                }
            }
        }
        return raw.getConstructor(String.class).newInstance(text);
    }

    private static Object list(List<?> value, Type type, Class<?> raw) {
        if (raw.isArray()) {
            Object found = Array.newInstance(raw.getComponentType(), value.size());
            for (int i = 0; i < value.size(); i++) Array.set(found, i, made(value.get(i), Types.element(type)));
            return found;
        }
        Collection<Object> found;
        if (raw.isAssignableFrom(ArrayList.class)) found = new ArrayList<>();
        else if (raw.isAssignableFrom(LinkedHashSet.class)) found = new LinkedHashSet<>();
        else if (Collection.class.isAssignableFrom(raw)) found = cast(instance(raw));
        else throw new Unfit(value, type);
        for (Object element : value) found.add(made(element, Types.argument(type, 0)));
        return found;
    }

    private static Object object(Map<?, ?> value, Type type, Class<?> raw) {
        if (Map.class.isAssignableFrom(raw)) {
            Map<Object, Object> found = raw.isAssignableFrom(LinkedHashMap.class) ? new LinkedHashMap<>() : raw.isAssignableFrom(TreeMap.class) ? new TreeMap<>() : cast(instance(raw));
            value.forEach((name, member) -> found.put(made(name, Types.argument(type, 0)), made(member, Types.argument(type, 1))));
            return found;
        }
        if (isText(raw) || raw.isPrimitive() || raw.isArray() || raw == String.class || Number.class.isAssignableFrom(raw) || Collection.class.isAssignableFrom(raw)) throw new Unfit(value, type);
        Map<String, Object> given = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        value.forEach((name, member) -> given.put((String) name, member));
        try {
            return isRecord(raw) ? record(given, raw) : bean(given, raw);
        } catch (ReflectiveOperationException error) {
            throw (RuntimeException) new Unfit(value, type).initCause(error instanceof InvocationTargetException ? error.getCause() : error);
        }
    }

    private static Object bean(Map<String, Object> given, Class<?> raw) throws ReflectiveOperationException {
        Object found = instance(raw);
        for (Method method : raw.getMethods()) {
            String name = method.getName();
            if (!name.startsWith("set") || name.length() == 3 || method.getParameterCount() != 1 || method.isBridge()) continue;
            if (!given.containsKey(name.substring(3))) continue;
            open(method).invoke(found, made(given.get(name.substring(3)), method.getGenericParameterTypes()[0]));
            given.remove(name.substring(3));
        }
        for (Field field : raw.getFields()) {
            boolean fixed = Modifier.isStatic(field.getModifiers()) || Modifier.isFinal(field.getModifiers());
            if (!fixed && given.containsKey(field.getName())) open(field).set(found, made(given.get(field.getName()), field.getGenericType()));
        }
        return found;
    }

    private static Object instance(Class<?> raw) {
        try {
            Constructor<?> constructor = raw.getDeclaredConstructor();
            return open(constructor).newInstance();
        } catch (ReflectiveOperationException error) {
            throw new RuntimeException("Cannot construct an instance of " + raw.getName() + ": it has no constructor without parameters that works", error);
        }
    }

    @SuppressWarnings("unchecked")
    private static <T> T cast(Object value) {
        return (T) value;
    }

    private static <T extends AccessibleObject> T open(T member) {
        member.setAccessible(true);
        return member;
    }

    // records, which came after the Java that this is compiled for

    private static boolean isRecord(Class<?> raw) {
        return raw.getSuperclass() != null && raw.getSuperclass().getName().equals("java.lang.Record");
    }

    private static Object record(Map<String, Object> given, Class<?> raw) throws ReflectiveOperationException {
        List<Object> values = new ArrayList<>();
        List<Class<?>> types = new ArrayList<>();
        for (Field field : raw.getDeclaredFields()) {
            if (Modifier.isStatic(field.getModifiers())) continue;
            types.add(field.getType());
            values.add(made(given.get(field.getName()), field.getGenericType()));
        }
        return open(raw.getDeclaredConstructor(types.toArray(new Class<?>[0]))).newInstance(values.toArray());
    }

    // to JSON

    /** Whether JSON has a text for it. */
    static boolean isText(Object value) {
        return value instanceof CharSequence || value instanceof Character || isText(value.getClass());
    }

    private static boolean isText(Class<?> raw) {
        return Enum.class.isAssignableFrom(raw) || (raw.getName().startsWith("java.") && !Map.class.isAssignableFrom(raw) && raw != Object.class)
            || raw.getName().startsWith("org.joda.time.");
    }

    static Map<String, Object> members(Object value) {
        Map<String, Object> found = new LinkedHashMap<>();
        try {
            for (Field field : fields(value.getClass())) property(value, field.getName(), field.getType(), found);
            for (Method method : value.getClass().getMethods()) {
                String name = property(method);
                if (name != null && !found.containsKey(name)) found.put(name, open(method).invoke(value));
            }
            for (Field field : value.getClass().getFields()) {
                if (!Modifier.isStatic(field.getModifiers())) found.putIfAbsent(field.getName(), open(field).get(value));
            }
        } catch (InvocationTargetException error) {
            throw new RuntimeException(error.getCause());
        } catch (ReflectiveOperationException error) {
            throw new RuntimeException(error);
        }
        return found;
    }

    /** Those of a class and of the ones above it, in the order in which they are written down. */
    private static List<Field> fields(Class<?> raw) {
        List<Field> found = raw.getSuperclass() == null ? new ArrayList<>() : fields(raw.getSuperclass());
        if (!raw.getName().startsWith("java.")) for (Field field : raw.getDeclaredFields()) found.add(field);
        return found;
    }

    /** The value of a field by its getter, so that members come in the order of the fields. */
    private static void property(Object value, String name, Class<?> type, Map<String, Object> found) throws ReflectiveOperationException {
        String end = Character.toUpperCase(name.charAt(0)) + name.substring(1);
        String[] getters = isRecord(value.getClass()) ? new String[] {name} : new String[] {"get" + end, type == boolean.class ? "is" + end : "get" + end};
        for (String getter : getters) {
            try {
                Method method = value.getClass().getMethod(getter);
                if (!Modifier.isStatic(method.getModifiers())) found.put(isRecord(value.getClass()) ? name : property(method), open(method).invoke(value));
                return;
            } catch (NoSuchMethodException another) {
                // the next one
            }
        }
    }

    /** The name of what a getter gives: its leading capitals in lower case; null if it is none. */
    private static String property(Method method) {
        String name = method.getName();
        boolean truth = name.startsWith("is") && name.length() > 2 && method.getReturnType() == boolean.class;
        boolean gets = name.startsWith("get") && name.length() > 3 && method.getReturnType() != void.class;
        if (!truth && !gets || method.getParameterCount() > 0 || Modifier.isStatic(method.getModifiers()) || method.getDeclaringClass() == Object.class) return null;
        StringBuilder found = new StringBuilder(name.substring(truth ? 2 : 3));
        for (int i = 0; i < found.length() && Character.isUpperCase(found.charAt(i)); i++) found.setCharAt(i, Character.toLowerCase(found.charAt(i)));
        return found.toString();
    }
}
