// SPDX-License-Identifier: Apache-2.0
// Objects that want more than the loader gives: each macro is one wish. All of them are sound.
#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT int object_answer()
{
    return 42;
}

#ifdef PTO_TEST_CONSTRUCTOR
namespace {
int answer =
    object_answer(); // What the compiler could work out, it may not, because others could replace the function.
}
EXPORT int object_first_answer()
{
    return answer;
}
#endif

#ifdef PTO_TEST_DESTRUCTOR
static volatile int ends;
__attribute__((destructor)) static void at_the_end()
{
    ends = 1;
}
#endif

#ifdef PTO_TEST_THREAD_LOCAL
static thread_local int of_thread = 3;
__attribute__((visibility("default"), tls_model("initial-exec"))) thread_local int object_of_thread = 4;
EXPORT int object_thread()
{
    return ++of_thread + ++object_of_thread;
}
#endif

#ifdef PTO_TEST_INDIRECT
static int chosen()
{
    return 1;
}
extern "C" int (*object_choose())()
{
    return chosen;
}
EXPORT int object_indirect() __attribute__((ifunc("object_choose")));
EXPORT int object_use_indirect()
{
    return object_indirect();
}
#endif

#ifdef PTO_TEST_UNDEFINED
EXPORT int object_nobody_has(int x);
EXPORT int object_use_undefined()
{
    return object_nobody_has(1);
}
#endif
