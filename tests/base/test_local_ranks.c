/* SPDX-License-Identifier: BSD-3-Clause */
/* What launchers say about the ranks on this machine, and OpenMP's variables as options. */
#include "check.h"
#include "options.h"
#include "local_ranks.h"

#include <string.h>

static const char *const names[] = { "OMPI_COMM_WORLD_LOCAL_RANK",
                                     "OMPI_COMM_WORLD_LOCAL_SIZE",
                                     "MPI_LOCALRANKID",
                                     "MPI_LOCALNRANKS",
                                     "MV2_COMM_WORLD_LOCAL_RANK",
                                     "MV2_COMM_WORLD_LOCAL_SIZE",
                                     "SLURM_STEP_TASKS_PER_NODE",
                                     "SLURM_NODEID",
                                     "SLURM_LOCALID",
                                     "SLURM_TASKS_PER_NODE",
                                     "OMP_PLACES",
                                     "OMP_PROC_BIND",
                                     "OMP_NUM_THREADS",
                                     "RAMIFY_PLACES",
                                     "RAMIFY_RANKS" };

static int clear(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
    return 0;
}

/* settings: NAME=VALUE words. */
static void set_all(const char *settings)
{
    char text[256], *rest = text;
    clear(NULL);
    strcpy(text, settings);
    for (char *word; (word = strtok_r(rest, " ", &rest));) {
        char *value = strchr(word, '=');
        *value      = '\0';
        setenv(word, value + 1, 1);
    }
}

static void each_launcher_is_understood(void **state)
{
    (void)state;
    static const struct {
        const char *settings;
        uint32_t    rank, count;
        const char *variable;
    } cases[] = {
        { "", 0, 0, NULL },
        { "OMPI_COMM_WORLD_LOCAL_RANK=3 OMPI_COMM_WORLD_LOCAL_SIZE=8", 3, 8, "OMPI_COMM_WORLD_LOCAL_RANK" },
        { "MPI_LOCALRANKID=0 MPI_LOCALNRANKS=2", 0, 2, "MPI_LOCALRANKID" },
        { "MV2_COMM_WORLD_LOCAL_RANK=1 MV2_COMM_WORLD_LOCAL_SIZE=2", 1, 2, "MV2_COMM_WORLD_LOCAL_RANK" },
        { "SLURM_STEP_TASKS_PER_NODE=4(x2),3 SLURM_NODEID=1 SLURM_LOCALID=2", 2, 4, "SLURM_LOCALID" },
        { "SLURM_STEP_TASKS_PER_NODE=4(x2),3 SLURM_NODEID=2 SLURM_LOCALID=2", 2, 3, "SLURM_LOCALID" },
        { "SLURM_TASKS_PER_NODE=4 SLURM_NODEID=0 SLURM_LOCALID=0", 0, 0, NULL }, /* a batch script, no step */
        { "OMPI_COMM_WORLD_LOCAL_RANK=3", 0, 0, NULL },
        { "OMPI_COMM_WORLD_LOCAL_RANK=8 OMPI_COMM_WORLD_LOCAL_SIZE=8", 0, 0, NULL },
        { "OMPI_COMM_WORLD_LOCAL_RANK=-1 OMPI_COMM_WORLD_LOCAL_SIZE=8", 0, 0, NULL },
        { "OMPI_COMM_WORLD_LOCAL_RANK=1x OMPI_COMM_WORLD_LOCAL_SIZE=8", 0, 0, NULL },
        { "OMPI_COMM_WORLD_LOCAL_RANK=x MPI_LOCALRANKID=0 MPI_LOCALNRANKS=2", 0, 2, "MPI_LOCALRANKID" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        set_all(cases[i].settings);
        rmf_local_ranks ranks = rmf_local_ranks_read();
        if (ranks.rank != cases[i].rank || ranks.count != cases[i].count)
            fail_msg("\"%s\": %u of %u", cases[i].settings, ranks.rank, ranks.count);
        assert_true(cases[i].variable ? strcmp(ranks.variable, cases[i].variable) == 0 : !ranks.variable);
    }
}

static void lists_of_slurm(void **state)
{
    (void)state;
    assert_int_equal(rmf_local_ranks_on_node("16", 0), 16);
    assert_int_equal(rmf_local_ranks_on_node("16", 1), 0);
    assert_int_equal(rmf_local_ranks_on_node("2(x3),1", 2), 2);
    assert_int_equal(rmf_local_ranks_on_node("2(x3),1", 3), 1);
    assert_int_equal(rmf_local_ranks_on_node("2(x3),1", 4), 0);
    assert_int_equal(rmf_local_ranks_on_node("2(x", 0), 0);
    assert_int_equal(rmf_local_ranks_on_node("2(x3", 0), 0);
    assert_int_equal(rmf_local_ranks_on_node("", 0), 0);
    assert_int_equal(rmf_local_ranks_on_node("a", 0), 0);
}

static void openmp_decides_when_told_to(void **state)
{
    (void)state;
    static const struct {
        const char *settings;
        uint32_t    workers;
        const char *places;
        bool        close, no_bind;
    } cases[] = {
        { "OMP_PLACES=cores OMP_NUM_THREADS=4", 0, NULL, false, false }, /* nobody told it to */
        { "RAMIFY_PLACES=openmp OMP_PLACES=cores OMP_NUM_THREADS=4,2 OMP_PROC_BIND=close,spread", 4, "cores", true,
          false },
        { "RAMIFY_PLACES=openmp OMP_PLACES={0:4},{4:4} OMP_PROC_BIND=spread", 0, "{0:4},{4:4}", false, false },
        { "RAMIFY_PLACES=openmp OMP_PROC_BIND=TRUE", 0, "cores", false, false },
        { "RAMIFY_PLACES=openmp OMP_PROC_BIND=false OMP_PLACES=cores", 0, NULL, false, true },
        { "RAMIFY_PLACES=openmp", 0, NULL, false, false },
        { "RAMIFY_PLACES=sockets OMP_NUM_THREADS=4", 0, "sockets", false, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ramify_options o;
        set_all(cases[i].settings);
        assert_int_equal(rmf_options_read(NULL, &o, NULL), RAMIFY_OK);
        assert_int_equal(o.workers, cases[i].workers);
        assert_int_equal(o.close, cases[i].close);
        assert_int_equal(o.no_bind, cases[i].no_bind);
        assert_true(cases[i].places ? o.places && strcmp(o.places, cases[i].places) == 0 : !o.places);
    }
    ramify_options o     = { .seed = 5 };
    ramify_options asked = { .workers = 3, .places = "openmp" };
    set_all("OMP_NUM_THREADS=4");
    assert_int_equal(rmf_options_read(&asked, &o, NULL), RAMIFY_OK);
    assert_int_equal(o.workers, 3); /* the program's own number */
    set_all("RAMIFY_PLACES=openmp OMP_NUM_THREADS=many");
    assert_int_equal(rmf_options_read(NULL, &o, NULL), RAMIFY_ERR_SYNTAX);
    set_all("RAMIFY_RANKS=perhaps");
    assert_int_equal(rmf_options_read(NULL, &o, NULL), RAMIFY_ERR_SYNTAX);
    set_all("RAMIFY_RANKS=no");
    assert_int_equal(rmf_options_read(NULL, &o, NULL), RAMIFY_OK);
    assert_true(o.no_ranks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(each_launcher_is_understood, clear),
        cmocka_unit_test(lists_of_slurm),
        cmocka_unit_test_teardown(openmp_decides_when_told_to, clear),
    };
    clear(NULL);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
