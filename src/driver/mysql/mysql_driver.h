/* MySQL-protocol servers through libmysqlclient (MariaDB Connector/C or Oracle's). In a shared object of its own, so
 * that an embedded user does not load a MySQL client. */
#ifndef FLEXDB_DRIVER_MYSQL_MYSQL_DRIVER_H
#define FLEXDB_DRIVER_MYSQL_MYSQL_DRIVER_H

#include "driver/driver.h"

extern const struct driver mysql_driver;

#endif
