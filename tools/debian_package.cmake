# The Debian package: cd build/release && cpack -G DEB
#
# Included by the top CMakeLists.txt, and run by cpack itself (CPACK_PRE_BUILD_SCRIPTS) when everything lies where it is
# packed from: Debian compresses manual pages and changelogs.

if(CPACK_TEMPORARY_DIRECTORY)
    set(share ${CPACK_TEMPORARY_DIRECTORY}${CPACK_PACKAGING_INSTALL_PREFIX}/share)
    set(changelog ${share}/doc/${CPACK_PACKAGE_NAME}/changelog)
    string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)
    file(WRITE ${changelog} "${CPACK_PACKAGE_NAME} (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium\n\n"
        "  * What a user notices is in CHANGELOG.md beside this file.\n\n -- ${CPACK_PACKAGE_CONTACT}  ${now}\n")
    file(GLOB pages ${share}/man/man?/*.?)
    execute_process(COMMAND gzip -9n ${pages} ${changelog} COMMAND_ERROR_IS_FATAL ANY)
    return()
endif()

# cmake -D CPACK_PACKAGE_CONTACT=… says who really maintains a package that is passed on.
set(CPACK_PACKAGE_CONTACT "The mosquitto-pgauth developers <mosquitto-pgauth@localhost>" CACHE STRING
    "Who maintains the package")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_FILE})
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "mosquitto (>= 2.0.11)")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS postgresql-client)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "postgresql, mosquitto-clients")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "A plugin for the MQTT broker Mosquitto: clients, groups and topic permissions
are rows in PostgreSQL. They are copied into memory, where every login,
publish, subscription and delivery is judged, so the broker never waits for the
database.
.
The package has the plugin, pgauth (a tool for administrators), and the schema
of the database. It changes nothing of a broker or a database by itself.")
include(CPack)
