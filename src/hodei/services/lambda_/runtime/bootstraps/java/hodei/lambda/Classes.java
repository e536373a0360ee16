package hodei.lambda;

import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The function's classes: its own folder, the archives in its lib, those of its layers. */
final class Classes extends URLClassLoader {
    Classes(String task, String opt) throws MalformedURLException {
        super(places(task, opt), Main.class.getClassLoader());
        Thread.currentThread().setContextClassLoader(this);
    }

    private static URL[] places(String task, String opt) throws MalformedURLException {
        List<URL> found = new ArrayList<>();
        found.add(new File(task + "/").toURI().toURL());
        for (String folder : new String[] {task + "/lib", opt + "/java/lib"}) {
            String[] names = new File(folder).list((at, name) -> name.endsWith(".jar"));
            if (names == null) continue;
            Arrays.sort(names);
            for (String name : names) found.add(new File(folder, name).toURI().toURL());
        }
        return found.toArray(new URL[0]);
    }

    /** One of Lambda's interfaces; null if the function does not bring it. */
    Class<?> ofLambda(String name) {
        try {
            return Class.forName("com.amazonaws.services.lambda.runtime." + name, false, this);
        } catch (ClassNotFoundException | LinkageError missing) {
            return null;
        }
    }
}
