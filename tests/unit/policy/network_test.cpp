#include "policy/network.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

using pgauth::IpAddress;
using pgauth::Network;

TEST_CASE("a network holds the addresses that share its prefix", "[policy]") {
    struct Row {
        std::string network;
        std::string address;
        bool contains;
    };

    const std::vector<Row> rows{
        {"10.1.0.0/16", "10.1.0.0", true},
        {"10.1.0.0/16", "10.1.255.255", true},
        {"10.1.0.0/16", "10.2.0.0", false},
        {"10.1.0.0/16", "10.0.255.255", false},
        {"10.1.2.3", "10.1.2.3", true},  // an address alone is a block of one
        {"10.1.2.3", "10.1.2.2", false},
        {"10.1.2.3/32", "10.1.2.4", false},
        {"0.0.0.0/0", "255.255.255.255", true},
        {"0.0.0.0/0", "::1", false},
        {"::/0", "2001:db8::1", true},
        {"::/0", "10.1.2.3", false},
        {"::ffff:0:0/96", "10.1.2.3", true},
        {"10.1.2.128/25", "10.1.2.127", false},  // a prefix within a byte
        {"10.1.2.128/25", "10.1.2.128", true},
        {"10.1.2.4/31", "10.1.2.5", true},
        {"10.1.2.4/31", "10.1.2.6", false},
        {"128.0.0.0/1", "127.255.255.255", false},
        {"128.0.0.0/1", "200.0.0.1", true},
        {"10.1.2.3/8", "10.200.0.1", true},  // bits right of the prefix do not count
        {"2001:db8::/32", "2001:db8:ffff::1", true},
        {"2001:db8::/32", "2001:db9::", false},
        {"2001:db8::/33", "2001:db8:8000::", false},
        {"2001:db8::1", "2001:db8::1", true},
        {"2001:db8::1", "2001:db8::2", false},
        {"fe80::/10", "fe80::1%eth0", true},
        {"10.1.0.0/16", "::ffff:10.1.2.3", true},  // v4 over a v6 socket
        {"10.1.0.0/16", "::ffff:10.2.2.3", false},
        {"10.1.0.0/16", "::10.1.2.3", false},  // v4-compatible is not v4-mapped
        {"::ffff:10.1.0.0/112", "10.1.2.3", true},
        {"::ffff:10.1.0.0/112", "10.2.2.3", false},
    };
    for (const Row& row : rows) {
        INFO(row.network << " and " << row.address);
        const auto network = Network::parse(row.network);
        const auto address = IpAddress::parse(row.address);
        REQUIRE(network);
        REQUIRE(address);
        CHECK(network->contains(*address) == row.contains);
    }
}

TEST_CASE("an address that is mapped is the address that it maps", "[policy]") {
    CHECK(IpAddress::parse("::ffff:10.1.2.3") == IpAddress::parse("10.1.2.3"));
    CHECK(IpAddress::parse("::ffff:0a01:0203") == IpAddress::parse("10.1.2.3"));
    CHECK(IpAddress::parse("::10.1.2.3") != IpAddress::parse("10.1.2.3"));
}

TEST_CASE("text that is no address is refused, and the error shows one", "[policy]") {
    for (const std::string& text : {std::string(""),
                                    std::string("10.1.2"),
                                    std::string("10.1.2.256"),
                                    std::string("10.1.2.3.4"),
                                    std::string("10.1.2.03"),
                                    std::string("0x0a.1.2.3"),
                                    std::string("10.1.2.3/16"),
                                    std::string(" 10.1.2.3"),
                                    std::string("10.1.2.3 "),
                                    std::string("localhost"),
                                    std::string(":"),
                                    std::string("2001:db8:::1"),
                                    std::string("2001:db8::g"),
                                    std::string("[::1]"),
                                    std::string("%eth0"),
                                    std::string("10.1.2.3\0.evil", 14)}) {
        INFO('`' << text << '`');
        const auto address = IpAddress::parse(text);
        REQUIRE_FALSE(address);
        CHECK(address.error().kind == pgauth::ErrorKind::invalid_input);
        CHECK(address.error().message.find("`10.1.2.3` or `2001:db8::1`") != std::string::npos);
    }
}

TEST_CASE("text that is no network is refused, and the error shows one", "[policy]") {
    for (const std::string text : {"",
                                   "/",
                                   "/16",
                                   "10.1.0.0/",
                                   "10.1.0.0/33",
                                   "10.1.0.0/-1",
                                   "10.1.0.0/+8",
                                   "10.1.0.0/ 8",
                                   "10.1.0.0/8 ",
                                   "10.1.0.0/8/8",
                                   "10.1.0.0/255.255.0.0",
                                   "10.1.0.0/99999999999999999999",
                                   "10.1/16",
                                   "2001:db8::/129",
                                   "2001:db8::/x",
                                   "any"}) {
        INFO('`' << text << '`');
        const auto network = Network::parse(text);
        REQUIRE_FALSE(network);
        CHECK(network.error().kind == pgauth::ErrorKind::invalid_input);
        CHECK(network.error().message.find('`' + text + '`') != std::string::npos);
        CHECK(network.error().message.find("`10.1.0.0/16`") != std::string::npos);
    }
}
