// The calibration constants: name, name on the wire, nominal value, least, most. Each is 0-65535 (16 bits, unsigned).
// The published facts do not fix them. The first five choose a status letter, never a value; the others the gateway's
// formulas use, not the firmware: they are kept here because they belong to this shield, and handed over on request.
// The order is the order in the EEPROM: a new constant goes to the end, and CALIBRATION_VERSION rises.
#pragma once

#define CALIBRATION(X)                                                                                              \
  X(RAIL_LOW, "rail-low", 5, 0, 200)                  /* counts; below: shorted or saturated */                     \
  X(RAIL_HIGH, "rail-high", 1015, 800, 1023)          /* counts; above: open or saturated */                        \
  X(SKIN_OFF, "skin-off", 112, 0, 500)                /* counts; 1 uS; up to here the electrodes are off */         \
  X(TEMPERATURE_OFF, "temp-off", 707, 300, 1023)      /* counts; 27.5 degrees C; from here the probe is off */      \
  X(ECG_FLAT, "ecg-flat", 2, 0, 100)                  /* counts; an ECG that moves less for 2 s is a lead off */    \
  X(TEMPERATURE_VREF, "temp-vref", 3000, 2000, 4000)  /* mV; reference of the thermistor's bridge */                \
  X(TEMPERATURE_RA, "temp-ra", 4700, 4000, 5500)      /* ohm; the bridge's resistors */                             \
  X(TEMPERATURE_RB, "temp-rb", 821, 700, 950)                                                                       \
  X(TEMPERATURE_RC, "temp-rc", 4700, 4000, 5500)                                                                    \
  X(SKIN_ZERO, "skin-zero", 500, 0, 1000)             /* mV at no conductance */                                    \
  X(AIRFLOW_ZERO, "airflow-zero", 0, 0, 1023)         /* counts of the airflow at rest */

#define CALIBRATION_VERSION 1
