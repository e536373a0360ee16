package hodei.lambda;

import java.lang.reflect.Array;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** JSON and the objects that stand for it: Map, List, String, Integer, Long, BigInteger, Double, Boolean, null. */
final class Json {
    static final class Malformed extends RuntimeException {
        Malformed(String message) {
            super(message);
        }
    }

    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    static Object read(byte[] text) {
        return read(new String(text, StandardCharsets.UTF_8));
    }

    static Object read(String text) {
        Json reader = new Json(text);
        Object found = reader.value();
        reader.space();
        if (reader.at < text.length()) throw reader.unexpected();
        return found;
    }

    private Object value() {
        space();
        switch (peek()) {
            case '{': return object();
            case '[': return list();
            case '"': return string();
            case 't': return word("true", Boolean.TRUE);
            case 'f': return word("false", Boolean.FALSE);
            case 'n': return word("null", null);
            default: return number();
        }
    }

    private Map<String, Object> object() {
        Map<String, Object> found = new LinkedHashMap<>();
        at++;
        if (next('}')) return found;
        do {
            space();
            if (peek() != '"') throw unexpected();
            String name = string();
            if (!next(':')) throw unexpected();
            found.put(name, value());
        } while (next(','));
        if (!next('}')) throw unexpected();
        return found;
    }

    private List<Object> list() {
        List<Object> found = new ArrayList<>();
        at++;
        if (next(']')) return found;
        do found.add(value());
        while (next(','));
        if (!next(']')) throw unexpected();
        return found;
    }

    private String string() {
        StringBuilder found = new StringBuilder();
        at++;
        while (true) {
            char next = take();
            if (next == '"') return found.toString();
            if (next != '\\') {
                found.append(next);
                continue;
            }
            char escaped = take();
            int known = "\"\\/bfnrt".indexOf(escaped);
            if (escaped == 'u' && at + 4 <= text.length()) {
                found.append((char) Integer.parseInt(text.substring(at, at += 4), 16));
            } else if (known >= 0) {
                found.append("\"\\/\b\f\n\r\t".charAt(known));
            } else {
                throw unexpected();
            }
        }
    }

    private Object word(String word, Object meaning) {
        if (!text.startsWith(word, at)) throw unexpected();
        at += word.length();
        return meaning;
    }

    private Object number() {
        int start = at;
        while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) at++;
        String digits = text.substring(start, at);
        try {
            if (digits.indexOf('.') >= 0 || digits.indexOf('e') >= 0 || digits.indexOf('E') >= 0) return Double.valueOf(digits);
            BigInteger whole = new BigInteger(digits);
            if (whole.bitLength() < 32) return whole.intValue();
            return whole.bitLength() < 64 ? (Object) whole.longValue() : whole;
        } catch (NumberFormatException error) {
            at = start;
            throw unexpected();
        }
    }

    private void space() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
    }

    private boolean next(char wanted) {
        space();
        if (peek() != wanted) return false;
        at++;
        return true;
    }

    private char peek() {
        return at < text.length() ? text.charAt(at) : '\0';
    }

    private char take() {
        if (at == text.length()) throw unexpected();
        return text.charAt(at++);
    }

    private Malformed unexpected() {
        return new Malformed(at < text.length() ? "Unexpected character '" + text.charAt(at) + "' at " + at : "Unexpected end of JSON");
    }

    // writing

    static byte[] write(Object value) {
        return text(value).getBytes(StandardCharsets.UTF_8);
    }

    static String text(Object value) {
        StringBuilder out = new StringBuilder();
        write(value, out);
        return out.toString();
    }

    private static void write(Object value, StringBuilder out) {
        if (value == null || value instanceof Boolean) out.append(value);
        else if (value instanceof Number && value.getClass().getName().startsWith("java.")) number(value.toString(), out);
        else if (value instanceof byte[]) quote(Base64.getEncoder().encodeToString((byte[]) value), out);
        else if (value instanceof Date) out.append(((Date) value).getTime());
        else if (value instanceof Map) members((Map<?, ?>) value, out);
        else if (value instanceof Iterable) elements((Iterable<?>) value, out);
        else if (value.getClass().isArray()) elements(listed(value), out);
        else if (Beans.isText(value)) quote(value.toString(), out);
        else members(Beans.members(value), out);
    }

    /** There are no numbers for those that are none, so they are told as texts. */
    private static void number(String digits, StringBuilder out) {
        if (digits.endsWith("NaN") || digits.endsWith("Infinity")) quote(digits, out);
        else out.append(digits);
    }

    private static void members(Map<?, ?> value, StringBuilder out) {
        String before = "{";
        for (Map.Entry<?, ?> member : value.entrySet()) {
            out.append(before);
            quote(String.valueOf(member.getKey()), out);
            out.append(':');
            write(member.getValue(), out);
            before = ",";
        }
        out.append(value.isEmpty() ? "{}" : "}");
    }

    private static void elements(Iterable<?> value, StringBuilder out) {
        out.append('[');
        String before = "";
        for (Object element : value) {
            out.append(before);
            write(element, out);
            before = ",";
        }
        out.append(']');
    }

    private static List<Object> listed(Object array) {
        List<Object> found = new ArrayList<>();
        for (int i = 0; i < Array.getLength(array); i++) found.add(Array.get(array, i));
        return found;
    }

    private static void quote(String text, StringBuilder out) {
        out.append('"');
        for (char one : text.toCharArray()) {
            int known = "\"\\\b\f\n\r\t".indexOf(one);
            if (known >= 0) out.append('\\').append("\"\\bfnrt".charAt(known));
            else if (one < ' ') out.append(String.format("\\u%04x", (int) one));
            else out.append(one);
        }
        out.append('"');
    }
}
