// Each test starts with the rows of the dataset, whatever the test before wrote.
// examples/java/run-tests runs it with `tdmvc run`, a JDK, JUnit 5 and PostgreSQL's JDBC driver.
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class OrdersTest {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static int orders;

    @BeforeEach
    void reset() throws Exception {
        var reset = HttpRequest.newBuilder(URI.create(System.getenv("TDMVC_ENDPOINT") + "reset"))
                .POST(HttpRequest.BodyPublishers.noBody())
                .build();
        assertEquals(200, HTTP.send(reset, HttpResponse.BodyHandlers.ofString()).statusCode());
    }

    @Test
    @Order(1)
    void aTestMayDeleteAllOrders() throws SQLException {
        try (var connection = connect(); var statement = connection.createStatement()) {
            orders = count(connection);
            assertTrue(orders > 0);
            statement.execute("TRUNCATE orders CASCADE");
            assertEquals(0, count(connection));
        }
    }

    @Test
    @Order(2)
    void theNextTestFindsThemAllAgain() throws SQLException {
        try (var connection = connect()) {
            assertEquals(orders, count(connection));
        }
    }

    private static Connection connect() throws SQLException {
        return DriverManager.getConnection(System.getenv("JDBC_URL"));
    }

    private static int count(Connection connection) throws SQLException {
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT count(*) FROM orders")) {
            rows.next();
            return rows.getInt(1);
        }
    }
}
