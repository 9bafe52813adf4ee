from eventyard.dialects.informatica.profiles import CIH, DIH, Range


def test_each_profile_is_below_a_path_of_its_own():
    assert (DIH.api, DIH.mount) == ("/dih-console/api/v1", "/dih-console")
    assert (CIH.api, CIH.mount) == ("/cih/dih-console/api/v1", "/cih")


def test_cih_has_two_ranges_more():
    assert set(CIH.ranges) - set(DIH.ranges) == {Range.LAST_HOUR, Range.LAST_TWO_HOURS}


def test_types_of_a_filter_are_those_of_the_product():
    assert set(DIH.kinds) - set(CIH.kinds) == {"SYSTEM"}
    assert set(CIH.kinds) - set(DIH.kinds) == {"ALL", "COMPOUND_PUBLICATION"}
