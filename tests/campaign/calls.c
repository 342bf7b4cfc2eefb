/* Dies at the k-th system call that changes a campaign's store, and keeps a journal of the changes.

   Preloaded into a process that forks: `calls_arm` starts counting in the child. Each change is
   written to the journal with what it replaced, each sync as well, so that a test can take back
   what a power cut would have lost. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static long armed = 0, count = 0;
static int torn = 0, journal = -1;
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);

void calls_arm(long at, int tear, const char *path) {
  armed = at; torn = tear; count = 0;
  journal = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

long calls_count(void) { return count; }

static void load(void) {
  if (real_pwrite) return;
  real_write = dlsym(RTLD_NEXT, "write");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
}

static int ours(int file, char *path) {
  char link[64];
  ssize_t n;
  if (!armed) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  n = readlink(link, path, 4095);
  if (n < 0) return 0;
  path[n] = 0;
  return strstr(path, "campaign.sqlite") != NULL && strstr(path, "-shm") == NULL;
}

static void die(void) { kill(getpid(), SIGKILL); for (;;) pause(); }

static int is_last(void) { return ++count == armed; }

static void note(const char *head, const void *old, size_t n_old, const void *new, size_t n_new) {
  load();
  real_write(journal, head, strlen(head));
  if (n_old) real_write(journal, old, n_old);
  if (n_new) real_write(journal, new, n_new);
}

static ssize_t change(int file, const void *data, size_t length, off_t offset, const char *path) {
  char head[4300];
  char *old = malloc(length + 1);
  struct stat info;
  ssize_t kept = pread(file, old, length, offset);
  int last = is_last();
  if (kept < 0) {  /* opened for writing only */
    int reader = open(path, O_RDONLY);
    kept = pread(reader, old, length, offset);
    close(reader);
    if (kept < 0) kept = 0;
  }
  if (last && torn) length /= 2;
  if (last && !torn) die();
  fstat(file, &info);
  snprintf(head, sizeof head, "W %lld %lld %lld %lld %s\n", (long long)offset,
           (long long)info.st_size, (long long)kept, (long long)length, path);
  note(head, old, kept, data, length);
  free(old);
  ssize_t done = real_pwrite(file, data, length, offset);
  if (last) die();
  return done;
}

ssize_t pwrite64(int file, const void *data, size_t length, off_t offset) {
  char path[4096];
  load();
  return ours(file, path) ? change(file, data, length, offset, path)
                          : real_pwrite(file, data, length, offset);
}

ssize_t pwrite(int file, const void *data, size_t length, off_t offset) {
  return pwrite64(file, data, length, offset);
}

ssize_t write(int file, const void *data, size_t length) {
  char path[4096];
  load();
  if (!ours(file, path)) return real_write(file, data, length);
  off_t offset = lseek(file, 0, SEEK_CUR);
  ssize_t done = change(file, data, length, offset, path);
  if (done > 0) lseek(file, offset + done, SEEK_SET);
  return done;
}

static int sync_with(int file, const char *name) {
  char path[4096], head[4300];
  int (*real)(int) = dlsym(RTLD_NEXT, name);
  if (ours(file, path)) {
    if (is_last()) die();
    snprintf(head, sizeof head, "S 0 0 0 0 %s\n", path);
    int done = real(file);
    note(head, NULL, 0, NULL, 0);
    return done;
  }
  return real(file);
}

int fsync(int file) { return sync_with(file, "fsync"); }
int fdatasync(int file) { return sync_with(file, "fdatasync"); }

int ftruncate64(int file, off_t length) {
  char path[4096], head[4300];
  int (*real)(int, off_t) = dlsym(RTLD_NEXT, "ftruncate64");
  if (ours(file, path)) {
    struct stat info;
    if (is_last()) die();
    fstat(file, &info);
    size_t lost = info.st_size > length ? info.st_size - length : 0;
    char *old = malloc(lost + 1);
    int reader = open(path, O_RDONLY);
    ssize_t kept = pread(reader, old, lost, length);
    close(reader);
    if (kept < 0) kept = 0;
    snprintf(head, sizeof head, "T %lld %lld %lld 0 %s\n", (long long)length,
             (long long)info.st_size, (long long)kept, path);
    note(head, old, kept, NULL, 0);
    free(old);
  }
  return real(file, length);
}

int ftruncate(int file, off_t length) { return ftruncate64(file, length); }

int unlink(const char *path) {
  int (*real)(const char *) = dlsym(RTLD_NEXT, "unlink");
  if (armed && strstr(path, "campaign.sqlite") && !strstr(path, "-shm") && is_last()) die();
  return real(path);
}
