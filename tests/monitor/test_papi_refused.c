/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of counting when PAPI fails, or succeeds and counts nothing: a PAPI of the test's own stands before the
 * library. */
#include "check.h"
#include "counters.h"

#include <papi.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Which call fails, and how; what a read gives; what is left standing. */
static struct {
    const char *call;
    int         error;
    long long   value;
    const char *disabled;
    int         sets, resolving, most_resolving;
} papi;

static int done(const char *call)
{
    return papi.call && strcmp(papi.call, call) == 0 ? papi.error : PAPI_OK;
}

int PAPI_library_init(int version)
{
    return version;
}

int PAPI_thread_init(unsigned long (*number)(void))
{
    return number() ? PAPI_OK : PAPI_EINVAL;
}

int PAPI_multiplex_init(void)
{
    return PAPI_OK;
}

int PAPI_num_components(void)
{
    return 1;
}

const PAPI_component_info_t *PAPI_get_component_info(int component)
{
    static PAPI_component_info_t info;
    (void)component;
    strncpy(info.short_name, "perf", sizeof info.short_name - 1);
    info.disabled = papi.disabled != NULL;
    snprintf(info.disabled_reason, sizeof info.disabled_reason, "%s", papi.disabled ? papi.disabled : "");
    return &info;
}

/* As PAPI 7.0.0 does, it must not be entered twice at once. */
int PAPI_event_name_to_code(const char *name, int *code)
{
    int now = __atomic_add_fetch(&papi.resolving, 1, __ATOMIC_SEQ_CST);
    if (now > __atomic_load_n(&papi.most_resolving, __ATOMIC_SEQ_CST))
        __atomic_store_n(&papi.most_resolving, now, __ATOMIC_SEQ_CST);
    usleep(200);
    *code = (int)strlen(name);
    __atomic_sub_fetch(&papi.resolving, 1, __ATOMIC_SEQ_CST);
    return done("name");
}

int PAPI_query_event(int code)
{
    (void)code;
    return done("query");
}

int PAPI_get_event_component(int code)
{
    (void)code;
    return 0;
}

int PAPI_create_eventset(int *set)
{
    int status = done("create");
    if (status == PAPI_OK)
        *set = ++papi.sets;
    return status;
}

int PAPI_assign_eventset_component(int set, int component)
{
    (void)set, (void)component;
    return done("assign");
}

int PAPI_attach(int set, unsigned long thread)
{
    (void)set, (void)thread;
    return done("attach");
}

int PAPI_set_opt(int option, PAPI_option_t *value)
{
    assert_int_equal(option, PAPI_DOMAIN);
    assert_int_equal(value->domain.domain, PAPI_DOM_ALL); /* or context switches are not counted */
    return done("domain");
}

int PAPI_set_multiplex(int set)
{
    (void)set;
    return done("multiplex");
}

int PAPI_add_event(int set, int code)
{
    (void)set, (void)code;
    return done("add");
}

int PAPI_start(int set)
{
    (void)set;
    return done("start");
}

int PAPI_read(int set, long long *values)
{
    (void)set;
    values[0] = papi.value;
    return done("read");
}

int PAPI_stop(int set, long long *values)
{
    (void)set, (void)values;
    return PAPI_OK;
}

int PAPI_cleanup_eventset(int set)
{
    (void)set;
    return PAPI_OK;
}

int PAPI_destroy_eventset(int *set)
{
    *set = PAPI_NULL;
    papi.sets--;
    return PAPI_OK;
}

char *PAPI_strerror(int error)
{
    static char text[32];
    snprintf(text, sizeof text, "error %d", error);
    return text;
}

static int start_over(void **state)
{
    (void)state;
    memset(&papi, 0, sizeof papi);
    papi.value = 5;
    return 0;
}

static ramify_status try_cycles(const char *call, int error, rmf_why *why)
{
    rmf_code code;
    uint64_t value;
    papi.call  = call;
    papi.error = error;
    return rmf_counter_try(&rmf_counters_papi, rmf_event_named("cycles", 6), &code, &value, why);
}

static void each_call_may_fail(void **state)
{
    (void)state;
    static const char *const calls[] = {
        "name", "query", "create", "assign", "attach", "domain", "add", "start", "read"
    };
    rmf_why why;
    assert_int_equal(try_cycles(NULL, PAPI_OK, &why), RAMIFY_OK);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        why.text[0] = '\0';
        assert_int_equal(try_cycles(calls[i], PAPI_EPERM, &why), RAMIFY_ERR_NOT_ALLOWED);
        assert_non_null(strstr(why.text, "error"));
        assert_int_equal(try_cycles(calls[i], PAPI_ECNFLCT, &why), RAMIFY_ERR_NOT_NOW);
        assert_int_equal(try_cycles(calls[i], PAPI_ENOEVNT, &why), RAMIFY_ERR_NOT_FOUND);
        assert_int_equal(try_cycles(calls[i], PAPI_ESYS, &why), RAMIFY_ERR_SYSTEM);
        assert_int_equal(papi.sets, 0); /* whatever was made is gone */
    }
}

static void a_disabled_component_says_why(void **state)
{
    (void)state;
    rmf_why why;
    papi.disabled = "no default PMU found";
    assert_int_equal(try_cycles("query", PAPI_ECMP_DISABLED, &why), RAMIFY_ERR_NOT_FOUND);
    assert_string_equal(why.text, "PAPI: no default PMU found");
}

static void zero_for_ever_is_noticed(void **state)
{
    (void)state;
    rmf_why why;
    papi.value = 0;
    assert_int_equal(try_cycles(NULL, PAPI_OK, &why), RAMIFY_ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "reads zero"));
    assert_int_equal(papi.sets, 0);
}

static void a_shared_counter_is_marked(void **state)
{
    (void)state;
    rmf_why     why;
    rmf_code    code = { 0, 1 };
    rmf_reading reading;
    void       *counting;
    for (int shared = 0; shared < 2; shared++) {
        assert_int_equal(rmf_counters_papi.attach(&code, 1, gettid(), shared, &counting, &why), RAMIFY_OK);
        assert_int_equal(rmf_counters_papi.read(counting, &reading, &why), RAMIFY_OK);
        assert_int_equal(reading.partial, shared);
        rmf_counters_papi.detach(counting);
    }
}

static void *resolve_some(void *unused)
{
    for (int i = 0; i < 5; i++) {
        rmf_code code;
        rmf_why  why;
        if (rmf_counters_papi.resolve(rmf_event_named("cycles", 6), &code, &why))
            return unused;
    }
    return NULL;
}

static void names_are_resolved_by_one_thread_at_a_time(void **state)
{
    (void)state;
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, resolve_some, &papi), 0);
    for (int i = 0; i < 4; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    assert_int_equal(papi.most_resolving, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_call_may_fail, start_over),
        cmocka_unit_test_setup(a_disabled_component_says_why, start_over),
        cmocka_unit_test_setup(zero_for_ever_is_noticed, start_over),
        cmocka_unit_test_setup(a_shared_counter_is_marked, start_over),
        cmocka_unit_test_setup(names_are_resolved_by_one_thread_at_a_time, start_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
