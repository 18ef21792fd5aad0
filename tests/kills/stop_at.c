/* Counts the file system operations of a command and of all programs that it runs, and sends a signal
 * before the n-th one. Loaded with LD_PRELOAD; the order and the count are in a file that all of them map. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* Who gets the signal. */
enum { GROUP = 0, COMMAND = 1, PROGRAM = 2 };

/* The same layout as in command_runner.py. */
struct order {
    int at;      /* 0: only count */
    int done;    /* operations so far */
    int signal;
    int target;
    int command; /* its process id; 0: no command runs */
    int landed;
};

static struct order *order;

__attribute__((constructor)) static void start(void)
{
    const char *path = getenv("TDMVC_TEST_STOP_AT");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *map = mmap(NULL, sizeof *order, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    order = map == MAP_FAILED ? NULL : map;
    close(fd);
}

static void count(void)
{
    if (!order || !order->command)
        return;
    if (__atomic_add_fetch(&order->done, 1, __ATOMIC_SEQ_CST) != order->at)
        return;
    int saved = errno;
    order->landed = 1;
    if (order->target == GROUP)
        killpg(order->command, order->signal);
    else
        kill(order->target == COMMAND ? order->command : getpid(), order->signal);
    errno = saved;
}

static int is_file(int fd)
{
    struct stat facts;
    return order && order->command && fd > 2 && !fstat(fd, &facts) && S_ISREG(facts.st_mode);
}

#define REAL(type, name) \
    static type (*real)(); \
    if (!real) \
        real = (type (*)())dlsym(RTLD_NEXT, name)

#define MAY_WRITE(flags) ((flags) & (O_CREAT | O_WRONLY | O_RDWR | O_TRUNC))

#define OPEN(name) \
    int name(const char *path, int flags, ...) \
    { \
        REAL(int, #name); \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = va_arg(rest, mode_t); \
        va_end(rest); \
        if (MAY_WRITE(flags)) \
            count(); \
        return real(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
    int name(int folder, const char *path, int flags, ...) \
    { \
        REAL(int, #name); \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = va_arg(rest, mode_t); \
        va_end(rest); \
        if (MAY_WRITE(flags)) \
            count(); \
        return real(folder, path, flags, mode); \
    }
OPENAT(openat)
OPENAT(openat64)

#define FOPEN(name) \
    FILE *name(const char *path, const char *mode) \
    { \
        REAL(FILE *, #name); \
        if (mode[0] != 'r' || mode[1] == '+') \
            count(); \
        return real(path, mode); \
    }
FOPEN(fopen)
FOPEN(fopen64)

#define ALWAYS(name, parameters, arguments) \
    int name parameters \
    { \
        REAL(int, #name); \
        count(); \
        return real arguments; \
    }
ALWAYS(rename, (const char *a, const char *b), (a, b))
ALWAYS(renameat, (int a, const char *b, int c, const char *d), (a, b, c, d))
ALWAYS(renameat2, (int a, const char *b, int c, const char *d, unsigned e), (a, b, c, d, e))
ALWAYS(link, (const char *a, const char *b), (a, b))
ALWAYS(linkat, (int a, const char *b, int c, const char *d, int e), (a, b, c, d, e))
ALWAYS(symlink, (const char *a, const char *b), (a, b))
ALWAYS(unlink, (const char *a), (a))
ALWAYS(unlinkat, (int a, const char *b, int c), (a, b, c))
ALWAYS(mkdir, (const char *a, mode_t b), (a, b))
ALWAYS(mkdirat, (int a, const char *b, mode_t c), (a, b, c))
ALWAYS(rmdir, (const char *a), (a))
ALWAYS(ftruncate, (int a, off_t b), (a, b))
ALWAYS(ftruncate64, (int a, off64_t b), (a, b))
ALWAYS(chmod, (const char *a, mode_t b), (a, b))
ALWAYS(fchmod, (int a, mode_t b), (a, b))
ALWAYS(utimensat, (int a, const char *b, const struct timespec c[2], int d), (a, b, c, d))
ALWAYS(execve, (const char *a, char *const b[], char *const c[]), (a, b, c))

#define WRITE(name, parameters, arguments) \
    ssize_t name parameters \
    { \
        REAL(ssize_t, #name); \
        if (is_file(fd)) \
            count(); \
        return real arguments; \
    }
WRITE(write, (int fd, const void *data, size_t size), (fd, data, size))
WRITE(writev, (int fd, const struct iovec *parts, int number), (fd, parts, number))
WRITE(pwrite, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at))
WRITE(pwrite64, (int fd, const void *data, size_t size, off64_t at), (fd, data, size, at))
