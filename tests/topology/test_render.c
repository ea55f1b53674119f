/* SPDX-License-Identifier: BSD-3-Clause */
/* The three formats: JSON is JSON and SVG is XML whatever the locale and the names, text lines up, all domains appear.
 */
#include "json_check.h"
#include "machines.h"
#include "render.h"
#include "xml_reader.h"

#include <locale.h>

static unsigned count_of(const char *text, const char *word)
{
    unsigned count = 0;
    for (const char *at = text; (at = strstr(at, word)); at += strlen(word))
        count++;
    return count;
}

/* Not inlined: gcc 12 would take the text for the address of the variable it came through (-Wdangling-pointer). */
__attribute__((noinline)) static char *render(const ramify_tree *tree, ramify_format format)
{
    char *text = NULL;
    assert_int_equal(ramify_tree_render(tree, format, &text), RAMIFY_OK);
    assert_non_null(text);
    return text;
}

static void json_has_the_keys_and_every_domain(void **state)
{
    (void)state;
    rmf_machine *m    = make_machine((plan_of_machine){ 2, 2, 3, 2 });
    ramify_tree *tree = build(m, NULL, NULL);
    char        *text = render(tree, RAMIFY_FORMAT_JSON);
    assert_true(json_is_valid(text));
    assert_non_null(strstr(text, "\"levels\": [\"node\", \"package\", \"numa\", \"core\"]"));
    assert_non_null(strstr(text, "\"leaves\": 12,"));
    assert_non_null(strstr(text, "\"limit\": \"machine\""));
    assert_non_null(strstr(text, "\"reason\": \"12 workers: one for each core of the machine\""));
    assert_int_equal(count_of(text, "\"first_leaf\""), 1 + 2 + 4 + 12);
    assert_int_equal(count_of(text, "\"has_cpus\": true"), 4);
    assert_non_null(strstr(text, "\"cpus\": \"0-11\""));
    ramify_text_free(text);
    ramify_tree_free(tree);
    rmf_machine_free(m);
}

static void names_are_escaped(void **state)
{
    (void)state;
    rmf_machine *m = make_machine((plan_of_machine){ 1, 1, 2, 1 });
    strcpy(m->source, "a \"quote\" \\ <tag> & a\ttab");
    ramify_tree   *tree = build(m, NULL, NULL);
    char          *text = render(tree, RAMIFY_FORMAT_JSON);
    rmf_xml_reader reader;
    rmf_xml_tag    tag;
    rmf_xml_event  event;
    assert_true(json_is_valid(text));
    ramify_text_free(text);
    text = render(tree, RAMIFY_FORMAT_SVG);
    rmf_xml_start(&reader, text, strlen(text));
    while ((event = rmf_xml_next(&reader, &tag)) < RMF_XML_END)
        continue;
    assert_int_equal(event, RMF_XML_END);
    ramify_text_free(text);
    ramify_tree_free(tree);
    rmf_machine_free(m);
}

static double length_of(const rmf_xml_tag *tag, const char *name)
{
    rmf_xml_part part;
    assert_true(rmf_xml_attribute(tag, name, &part));
    return strtod(part.bytes, NULL);
}

/* Counts the boxes of an SVG, each of which must lie within its frame; every tag must close. */
static unsigned boxes_of(const char *svg)
{
    const char    *frame = strstr(svg, "viewBox");
    unsigned       width, height, boxes = 0;
    rmf_xml_reader reader;
    rmf_xml_tag    tag;
    rmf_xml_part   corner;
    int            depth = 0;
    assert_int_equal(sscanf(frame, "viewBox=\"0 0 %u %u\"", &width, &height), 2);
    assert_true(width < 4000 && height < 4000);
    rmf_xml_start(&reader, svg, strlen(svg));
    for (rmf_xml_event event; (event = rmf_xml_next(&reader, &tag)) != RMF_XML_END;) {
        assert_true(event != RMF_XML_FAULT);
        depth += event == RMF_XML_OPEN ? 1 : event == RMF_XML_CLOSE ? -1 : 0;
        if (event == RMF_XML_CLOSE || !rmf_xml_is(tag.name, "rect") || !rmf_xml_attribute(&tag, "rx", &corner))
            continue;
        assert_true(length_of(&tag, "x") + length_of(&tag, "width") <= width);
        assert_true(length_of(&tag, "y") + length_of(&tag, "height") <= height);
        boxes++;
    }
    assert_int_equal(depth, 0);
    return boxes;
}

static void svg_is_well_formed_and_within_its_frame(void **state)
{
    (void)state;
    static const plan_of_machine plans[] = { { 1, 1, 1, 1 }, { 2, 2, 3, 2 }, { 4, 4, 16, 1 }, { 1, 1, 256, 1 } };
    for (size_t p = 0; p < sizeof plans / sizeof plans[0]; p++) {
        uint32_t     domains;
        rmf_machine *m    = make_machine(plans[p]);
        ramify_tree *tree = build(m, NULL, NULL);
        char        *svg  = render(tree, RAMIFY_FORMAT_SVG);
        ramify_tree_domains(tree, &domains);
        assert_int_equal(boxes_of(svg), domains);
        ramify_text_free(svg);
        ramify_tree_free(tree);
        rmf_machine_free(m);
    }
}

static void text_lines_up(void **state)
{
    (void)state;
    rmf_machine *m  = make_machine((plan_of_machine){ 2, 1, 2, 2 });
    m->distances[0] = m->distances[3] = 10;
    m->distances[1] = m->distances[2] = 21;
    ramify_tree *tree                 = build(m, NULL, NULL);
    char        *text                 = render(tree, RAMIFY_FORMAT_TEXT);
    assert_non_null(strstr(text, "source    made by hand\n"));
    assert_non_null(strstr(text, "levels    1 x node, 2 x package+numa, 4 x core\n"));
    assert_non_null(strstr(text, "\ndomain                 cpus  node  capacity  cache   memory\n"
                                 "node                   0-7      0      4.00      -  2.0 GiB\n"
                                 "|-- package+numa 0     0-3      0      2.00      -  1.0 GiB\n"
                                 "|   |-- leaf 0 (core)  0-1      0      1.00      -        -\n"
                                 "|   `-- leaf 1 (core)  2-3      0      1.00      -        -\n"
                                 "`-- package+numa 1     4-7      1      2.00      -  1.0 GiB\n"
                                 "    |-- leaf 2 (core)  4-5      1      1.00      -        -\n"
                                 "    `-- leaf 3 (core)  6-7      1      1.00      -        -\n"));
    assert_non_null(strstr(text, "     0:   10   21\n     1:   21   10\n"));
    for (const char *c = text; *c; c++)
        assert_true((unsigned char)*c < 0x80);
    ramify_text_free(text);
    ramify_tree_free(tree);
    rmf_machine_free(m);
}

/* Locales that write 0,5 for one half; where the system has none, the rest of the file still holds. */
static void numbers_do_not_follow_the_locale(void **state)
{
    (void)state;
    static const char *const with_comma[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", NULL };
    int                      found        = 0;
    for (int i = 0; with_comma[i] && !found; i++)
        found = setlocale(LC_NUMERIC, with_comma[i]) != NULL;
    if (!found) {
        print_message("no locale with a decimal comma is installed\n");
        skip();
    }
    rmf_machine *m    = make_machine((plan_of_machine){ 1, 1, 1, 2 });
    ramify_tree *tree = build(m, NULL, &(ramify_tree_options){ .workers = 2 });
    char        *text = render(tree, RAMIFY_FORMAT_JSON);
    setlocale(LC_NUMERIC, "C");
    assert_true(json_is_valid(text));
    assert_non_null(strstr(text, "\"capacity\": 0.5"));
    ramify_text_free(text);
    ramify_tree_free(tree);
    rmf_machine_free(m);
}

static void sizes_have_three_digits(void **state)
{
    (void)state;
    static const struct {
        uint64_t    bytes;
        const char *text;
    } sizes[] = { { 0, "0 B" },
                  { 1023, "1023 B" },
                  { 1024, "1.0 KiB" },
                  { 1536, "1.5 KiB" },
                  { 10240, "10.0 KiB" },
                  { 100 << 10, "100 KiB" },
                  { 1 << 20, "1.0 MiB" },
                  { 5118ull << 10, "5.0 MiB" },
                  { 66519384064ull, "62.0 GiB" },
                  { UINT64_MAX, "16.0 EiB" } };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char text[24];
        assert_string_equal(rmf_size_text(sizes[i].bytes, text), sizes[i].text);
    }
}

static void an_unknown_format_is_refused(void **state)
{
    (void)state;
    rmf_machine *m    = make_machine((plan_of_machine){ 1, 1, 1, 1 });
    ramify_tree *tree = build(m, NULL, NULL);
    char        *text = NULL;
    assert_int_equal(ramify_tree_render(tree, (ramify_format)3, &text), RAMIFY_ERR_INVALID);
    assert_null(text);
    ramify_tree_free(tree);
    rmf_machine_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_has_the_keys_and_every_domain),
        cmocka_unit_test(names_are_escaped),
        cmocka_unit_test(svg_is_well_formed_and_within_its_frame),
        cmocka_unit_test(text_lines_up),
        cmocka_unit_test(numbers_do_not_follow_the_locale),
        cmocka_unit_test(sizes_have_three_digits),
        cmocka_unit_test(an_unknown_format_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
