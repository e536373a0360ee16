package hodei.lambda;

import java.lang.reflect.Array;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.HashMap;
import java.util.Map;

/** Generic types, followed from a class up to what it implements. */
final class Types {
    /** With what a class fills in the parameters of one of its interfaces; null if it does not say. */
    static Type[] parameters(Class<?> type, Class<?> wanted) {
        return search(type, wanted, new HashMap<>());
    }

    private static Type[] search(Type type, Class<?> wanted, Map<Type, Type> known) {
        Class<?> raw = raw(type);
        if (!wanted.isAssignableFrom(raw)) return null;
        if (type instanceof ParameterizedType) {
            Type[] given = ((ParameterizedType) type).getActualTypeArguments();
            for (int i = 0; i < given.length; i++) {
                given[i] = known.getOrDefault(given[i], given[i]);
                known.put(raw.getTypeParameters()[i], given[i]);
            }
            if (raw == wanted) return given;
        }
        for (Type above : raw.getGenericInterfaces()) {
            Type[] found = search(above, wanted, known);
            if (found != null) return found;
        }
        Type above = raw.getGenericSuperclass();
        return above == null ? null : search(above, wanted, known);
    }

    static Class<?> raw(Type type) {
        if (type instanceof Class) return (Class<?>) type;
        if (type instanceof ParameterizedType) return raw(((ParameterizedType) type).getRawType());
        if (type instanceof GenericArrayType) return Array.newInstance(raw(((GenericArrayType) type).getGenericComponentType()), 0).getClass();
        if (type instanceof TypeVariable) return raw(((TypeVariable<?>) type).getBounds()[0]);
        return raw(((WildcardType) type).getUpperBounds()[0]);
    }

    /** The n-th argument of a generic type, else Object. */
    static Type argument(Type type, int n) {
        return type instanceof ParameterizedType ? ((ParameterizedType) type).getActualTypeArguments()[n] : Object.class;
    }

    static Type element(Type type) {
        return type instanceof GenericArrayType ? ((GenericArrayType) type).getGenericComponentType() : raw(type).getComponentType();
    }
}
