package hodei.lambda;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** The Runtime API, over one connection: the classes of Java's own HTTP client take a tenth of a second to load. */
final class Api {
    static final class Answer {
        final Map<String, String> headers; // by lower-case names
        final byte[] body;

        Answer(Map<String, String> headers, byte[] body) {
            this.headers = headers;
            this.body = body;
        }
    }

    private final String address;
    private final OutputStream out;
    private final InputStream in;

    Api(String address) throws IOException {
        this.address = address;
        int colon = address.lastIndexOf(':');
        Socket socket = new Socket(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)));
        socket.setTcpNoDelay(true);
        out = socket.getOutputStream();
        in = new BufferedInputStream(socket.getInputStream());
    }

    Answer get(String path) throws IOException {
        return send("GET", path, new byte[0], "");
    }

    void post(String path, byte[] body, String errorType) throws IOException {
        String kind = errorType == null ? "" : "Lambda-Runtime-Function-Error-Type: " + errorType + "\r\n";
        send("POST", path, body, "Content-Type: application/json\r\n" + kind);
    }

    private Answer send(String method, String path, byte[] body, String headers) throws IOException {
        String head = method + " /2018-06-01/runtime/" + path + " HTTP/1.1\r\nHost: " + address + "\r\n" + headers
            + "Content-Length: " + body.length + "\r\n\r\n";
        ByteArrayOutputStream whole = new ByteArrayOutputStream(head.length() + body.length);
        whole.write(head.getBytes(StandardCharsets.UTF_8));
        whole.write(body);
        whole.writeTo(out);
        line();
        Map<String, String> received = new HashMap<>();
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            received.put(line.substring(0, colon).toLowerCase(), line.substring(colon + 1).trim());
        }
        return new Answer(received, content(Integer.parseInt(received.getOrDefault("content-length", "0"))));
    }

    private String line() throws IOException {
        ByteArrayOutputStream found = new ByteArrayOutputStream();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) throw new EOFException("the Runtime API is gone");
            if (next != '\r') found.write(next);
        }
        return new String(found.toByteArray(), StandardCharsets.UTF_8);
    }

    private byte[] content(int length) throws IOException {
        byte[] found = new byte[length];
        for (int at = 0, count; at < length; at += count) {
            count = in.read(found, at, length - at);
            if (count < 0) throw new EOFException("the Runtime API is gone");
        }
        return found;
    }
}
