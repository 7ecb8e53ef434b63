package leadline.peer;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * The benchmark's peer in Kafka Streams.
 *
 * <p>java -cp ... leadline.peer.Main SETTINGS.properties scores until SIGTERM, and tells on standard output ten times a
 * second how many events it has seen and how many changes it has published.
 */
public final class Main {
    private static final String LEADS = "leads";
    private static final String CHANGES = "peer.changes";
    private static final long TELL_MS = 100;

    private static final LongAdder seen = new LongAdder();
    private static final LongAdder published = new LongAdder();

    private Main() {}

    public static void main(String[] arguments) throws Exception {
        KafkaStreams streams = new KafkaStreams(topology(), settings(arguments[0]));
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            streams.close();
            stopped.countDown();
        }));
        streams.start();
        while (!stopped.await(TELL_MS, java.util.concurrent.TimeUnit.MILLISECONDS)) {
            System.out.println(seen.sum() + " " + published.sum());
        }
    }

    private static Properties settings(String path) throws IOException {
        Properties settings = new Properties();
        try (InputStream file = new FileInputStream(path)) {
            settings.load(file);
        }
        return settings;
    }

    private static Topology topology() {
        StreamsBuilder builder = new StreamsBuilder();
        builder.addStateStore(Stores.keyValueStoreBuilder(
                        Stores.persistentKeyValueStore(LEADS), Serdes.ByteArray(), Lead.serde())
                .withCachingEnabled());
        builder.stream(Rule.TOPICS, Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()))
                .process(Scoring::new, LEADS)
                .to(CHANGES, Produced.with(Serdes.ByteArray(), Serdes.ByteArray()));
        return builder.build();
    }

    /** Loads the lead, applies the event, saves the lead, forwards its change. */
    private static final class Scoring implements Processor<byte[], byte[], byte[], byte[]> {
        private final Rule rule = new Rule();
        private ProcessorContext<byte[], byte[]> context;
        private KeyValueStore<byte[], Lead> leads;

        @Override
        public void init(ProcessorContext<byte[], byte[]> given) {
            context = given;
            leads = given.getStateStore(LEADS);
        }

        @Override
        public void process(Record<byte[], byte[]> event) {
            String topic = context.recordMetadata().orElseThrow().topic();
            Rule.Told told = rule.apply(leads.get(event.key()), topic, event.value());
            if (told.lead() != null) {
                leads.put(event.key(), told.lead());
            }
            if (told.change() != null) {
                context.forward(event.withValue(told.change()));
                published.increment();
            }
            seen.increment();
        }
    }
}
