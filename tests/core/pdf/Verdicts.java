import java.io.File;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.LogManager;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

/**
 * Asks veraPDF about files: each line of the answer is a path, a profile, "pass" or "fail", and the rules that are
 * broken, separated by tabs. One Java process serves any number of files, since starting it takes longest.
 */
public class Verdicts {
    public static void main(String[] paths) throws Exception {
        LogManager.getLogManager().reset();
        VeraGreenfieldFoundryProvider.initialise();
        for (String path : paths) {
            for (String profile : new String[] {"3a", "ua1"}) {
                PDFAFlavour flavour = PDFAFlavour.byFlavourId(profile);
                try (PDFAParser parser = Foundries.defaultInstance().createParser(new File(path), flavour)) {
                    PDFAValidator validator = Foundries.defaultInstance().createValidator(flavour, false);
                    ValidationResult result = validator.validate(parser);
                    Set<String> broken = new LinkedHashSet<>();
                    for (TestAssertion one : result.getTestAssertions()) {
                        if (one.getStatus() == TestAssertion.Status.FAILED) {
                            broken.add(one.getRuleId().getClause() + "-" + one.getRuleId().getTestNumber() + " "
                                + one.getMessage().replaceAll("\\s+", " ") + " @ " + one.getLocation().getContext());
                        }
                    }
                    String verdict = result.isCompliant() ? "pass" : "fail";
                    System.out.println(path + "\t" + profile + "\t" + verdict + "\t" + String.join(" | ", broken));
                }
            }
        }
    }
}
